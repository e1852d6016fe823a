import { expect, test } from 'vitest'
import { memoryStreams } from '../memory/index.ts'
import { compareWithModel } from '../streams/stream-model.fixture.ts'
import { sqliteStreams } from './index.ts'

test('The stream store in memory does what its model does', async () => {
  await expect(compareWithModel(() => memoryStreams() as never, 100)).resolves.toBeUndefined()
})

test('The stream store in SQLite does what its model does', async () => {
  await expect(compareWithModel(() => sqliteStreams(':memory:') as never, 100)).resolves.toBeUndefined()
})
