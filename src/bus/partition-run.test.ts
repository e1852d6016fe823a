import { expect, test } from 'vitest'
import type { CloudEvent } from '../event/index.ts'
import type { StoredRecord } from '../log/index.ts'
import { type CommitState, decodeCommitState, encodeCommitState } from './commit-state.ts'
import type { Work } from './lane.ts'
import { MemoryBound } from './memory-bound.ts'
import { PartitionRun } from './partition-run.ts'

const nothing: CommitState = { finished: [], attempts: new Map(), begun: 0 }

/** The run of an owner who takes over from one that left this at offset 0. */
function takenOver(state: Partial<CommitState> = {}): PartitionRun {
  const left = { offset: 0, state: encodeCommitState(0, { ...nothing, ...state }) }
  const { signal } = new AbortController()
  const place = { topic: 'orders', partition: 0, generation: 1, runNumber: 0 }
  return new PartitionRun(
    { ...place, committed: left, end: 100, leaving: signal, revoked: signal, isHeld: () => true },
    new MemoryBound(1_000, 1_000_000),
  )
}

function read(run: PartitionRun, offset: number, key = `key-${offset}`): Work {
  const event: CloudEvent = {
    specversion: '1.0',
    id: `${offset}`,
    source: '/a',
    type: 'a',
    subject: key,
    data: {},
  }
  const record: StoredRecord = { topic: 'orders', partition: 0, offset, appendedAt: 0, encoded: '{}' }
  const work = run.add(record, event).works.at(-1)
  if (work === undefined) throw new Error('The lane is empty.')
  return work
}

function committed(run: PartitionRun, closing = false): CommitState {
  const { offset, state } = run.commitState(closing)
  return decodeCommitState(offset, state)
}

test('Every commit keeps the attempts of events that are not read yet', () => {
  const attempts = new Map([
    [0, 1],
    [3, 2],
  ])
  const run = takenOver({ attempts })
  expect(committed(run).attempts).toEqual(attempts)
  run.finish(read(run, 0))
  expect(committed(run).attempts).toEqual(new Map([[3, 2]]))
  for (const offset of [1, 2, 3]) read(run, offset)
  expect(committed(run).attempts).toEqual(new Map([[3, 2]]))
})

test('A commit made during an attempt that was stored before it started keeps its number', () => {
  const run = takenOver({ begun: 1 })
  const work = read(run, 0)
  work.counted = 2
  expect(committed(run).attempts).toEqual(new Map([[0, 2]]))
})

test('Who hands on a partition before its suspects were attempted hands on the suspicion', () => {
  const run = takenOver({ begun: 3 })
  expect(committed(run, true).begun).toBe(3)
  const suspects = [0, 1, 2].map((offset) => read(run, offset))
  read(run, 3)
  expect(committed(run, true).begun).toBe(3)
  for (const work of suspects.slice(1)) run.clearSuspicion(work)
  expect(committed(run, true).begun).toBe(1)
})

test('Who hands on a partition without suspects says that nothing is in hand', () => {
  const run = takenOver()
  read(run, 0)
  expect(committed(run).begun).toBeGreaterThan(0)
  expect(committed(run, true).begun).toBe(0)
})

test('Suspects behind an event that waits keep nobody waiting, and stay suspects', () => {
  const run = takenOver({ begun: 2 })
  const [first, behind] = [read(run, 0, 'a'), read(run, 1, 'a')]
  run.clearSuspicion(first)
  expect(run.careful).toBe(true)
  run.passSuspects(first.lane)
  expect(run.careful).toBe(false)
  expect(behind.suspect).toBe(true)
})

test('A suspect behind an event that the store keeps has its turn, also where that one lies beyond what is suspect', () => {
  const run = takenOver({ begun: 1 })
  const lane = run.addKept({ offset: 50, key: 'key', attempts: 1, nextAttemptAt: undefined }, 'requested')
  read(run, 0, 'key')
  expect(run.careful).toBe(true)
  if (lane !== undefined) run.held.add(lane)
  expect(run.nextSuspect()).toBe(lane)
})

test('A suspect that is read behind one of its key that waits keeps nobody else waiting', () => {
  const run = takenOver({ begun: 2 })
  const first = read(run, 0, 'key')
  first.lane.state = 'waiting'
  run.clearSuspicion(first)
  const second = read(run, 1, 'key')
  expect([second.suspect, run.careful]).toEqual([true, false])
})

test('Offsets that a log does not have are finished when what comes after them is read', () => {
  const run = takenOver()
  const works = [0, 3, 6].map((offset) => read(run, offset))
  for (const work of works) run.finish(work)
  expect(run.commitState(false).offset).toBe(7)
})
