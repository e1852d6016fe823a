import { expect, test } from 'vitest'
import type { DeadLetterState } from '../dead-letter/index.ts'
import { DeadLetterIndex, type StoredEntry } from './dead-letter-index.ts'

const letter = (id: string, state: DeadLetterState = 'dead'): StoredEntry => ({
  id,
  group: 'billing',
  topic: 'orders',
  partition: 0,
  offset: 0,
  appendedAt: 0,
  key: undefined,
  state,
  reason: 'handler_failed',
  message: '',
  stack: '',
  attempts: 1,
  failedAt: 0,
  nextAttemptAt: undefined,
  event: undefined,
  encoded: id,
})

const by = 'one'

test('Of open letters those are found that have much behind them, the oldest first', () => {
  const index = new DeadLetterIndex()
  index.apply({ by, put: [letter('a'), letter('b', 'handled'), letter('c')], removed: [] }, 0, 300)
  index.apply({ by, put: [letter('d')], removed: [] }, 1, 100)
  expect(index.openBytes).toBe(300)
  expect(index.openBefore(50, 10).map(({ id }) => id)).toEqual(['a', 'c'])
  expect(index.openBefore(50, 1).map(({ id }) => id)).toEqual(['a'])
  expect(index.openBefore(100, 10)).toEqual([])
})

test('A letter that is written once more stands there from then on', () => {
  const index = new DeadLetterIndex()
  index.apply({ by, put: [letter('a')], removed: [] }, 0, 100)
  index.apply({ by, put: [letter('a')], removed: [], from: [0] }, 1, 100)
  expect(index.entry('a')).toMatchObject({ at: 1, readBytes: 200 })
  expect(index.openBytes).toBe(100)
})

test('A letter that was changed while it was written once more stays as it was changed', () => {
  const index = new DeadLetterIndex()
  index.apply({ by, put: [letter('a')], removed: [] }, 0, 100)
  index.apply({ by, put: [letter('a', 'requested')], removed: [] }, 1, 100)
  index.apply({ by, put: [letter('a')], removed: [], from: [0] }, 2, 100)
  expect(index.entry('a')).toMatchObject({ at: 1, state: 'requested' })
})

test('A letter whose beginning was dropped before it was read is known from where it stands again', () => {
  const index = new DeadLetterIndex()
  index.apply({ by, put: [letter('a')], removed: [], from: [0] }, 9, 100)
  expect(index.entry('a')).toMatchObject({ at: 9 })
})
