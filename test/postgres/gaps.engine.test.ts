import { expect, test } from 'vitest'
import { describeOnServer, serverUrl } from '../../src/postgres/server.fixture.ts'
import { runGaps } from './gap-run.ts'
import { faultsOf } from './gap-verdict.ts'

describeOnServer('Gaps in the sequence of the outbox', () => {
  test('lose nothing, double nothing and reorder no key while the relay is killed', async () => {
    const line = await runGaps({ url: serverUrl ?? '', seconds: 8, writers: 16, seed: 1 })
    console.log(JSON.stringify(line))
    expect(faultsOf(line)).toEqual([])
  })
})
