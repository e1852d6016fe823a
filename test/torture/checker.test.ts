import { describe, expect, test } from 'vitest'
import { check, type Effect, type Evidence, type Verdict } from './checker.ts'
import { type Entry, type Happening, parseHistory } from './history.ts'

const clean: Verdict = { lost: 0, doubled: 0, reordered: 0, overlapping: 0, passed: 0, stale: 0 }

type Said = Happening & { readonly process?: string }

const event = (number: number): { group: string; key: string; number: number } => ({
  group: 'billing',
  key: 'a',
  number,
})
const acked = (number: number): Said => ({ kind: 'acked', key: 'a', number })
const started = (number: number, process = 'one'): Said => ({ kind: 'started', ...event(number), process })
const ended = (number: number, process = 'one'): Said => ({ kind: 'ended', ...event(number), process })
const delivered = (...numbers: readonly number[]): readonly Said[] =>
  numbers.flatMap((number) => [started(number), ended(number)])
const effect = (number: number, generation = 1): Effect => ({ ...event(number), partition: 0, generation })
const looked = (committed: number, unfinished = committed): Said => ({
  kind: 'looked',
  group: 'billing',
  partition: 0,
  committed,
  unfinished,
})

function checked(said: readonly Said[], rest: Partial<Evidence> = {}): Verdict {
  const history: readonly Entry[] = said.map((happening, atUs) => ({ process: 'one', ...happening, atUs }))
  return check({ groups: ['billing'], history, effects: [], deadLetters: [], ...rest })
}

describe('A history without a fault', () => {
  test('has nothing to complain of', () => {
    const said = [acked(1), acked(2), acked(3), ...delivered(1, 2, 3), looked(2), looked(3)]
    expect(checked(said, { effects: [effect(1), effect(2)], deadLetters: [event(3)] })).toEqual(clean)
  })

  test('may have deliveries again, of another member too', () => {
    const again = [started(1, 'two'), ended(1, 'two'), ...delivered(2)]
    const effects = [effect(1), effect(2, 2)]
    expect(checked([...delivered(1), ...again], { effects })).toEqual(clean)
  })

  test('may have effects that nobody lived to acknowledge or to tell', () => {
    expect(checked([], { effects: [effect(1)] })).toEqual(clean)
  })

  test('may have a delivery that begins when the member of another is dead or paused', () => {
    for (const kind of ['killed', 'paused'] as const) {
      const fault: Said = { kind, target: 'one', process: 'main' }
      expect(checked([started(1), fault, started(1, 'two')])).toEqual(clean)
      expect(checked([fault, started(1), started(1, 'two')])).toEqual(clean)
    }
  })
})

describe('The checker counts', () => {
  test('an acknowledged event as lost in each group that has neither its effect nor its dead letter', () => {
    const groups = ['billing', 'shipping', 'mail']
    expect(checked([acked(1)], { groups, effects: [effect(1)] })).toEqual({ ...clean, lost: 2 })
  })

  test('an effect that is there again', () => {
    expect(checked([], { effects: [effect(1), effect(2), effect(2)] })).toEqual({ ...clean, doubled: 1 })
  })

  test('a first delivery after one of a later event of its key', () => {
    expect(checked(delivered(1, 3, 2))).toEqual({ ...clean, reordered: 1 })
  })

  test('an effect after one of a later event of its key', () => {
    expect(checked([], { effects: [effect(2), effect(1)] })).toEqual({ ...clean, reordered: 1 })
  })

  test('a delivery that begins while another of its key is at work', () => {
    expect(checked([started(1), started(1, 'two'), ended(1)])).toEqual({ ...clean, overlapping: 1 })
    expect(checked([started(1), started(2)])).toEqual({ ...clean, overlapping: 1 })
  })

  test('what a member begins after its pause, when another has the key', () => {
    const said: readonly Said[] = [
      { kind: 'paused', target: 'one', process: 'main' },
      started(1, 'two'),
      { kind: 'resumed', target: 'one', process: 'main' },
      started(1),
    ]
    expect(checked(said)).toEqual({ ...clean, overlapping: 1 })
  })

  test('a commit past an unfinished event', () => {
    expect(checked([looked(5, 4)])).toEqual({ ...clean, passed: 1 })
  })

  test('an effect of an old generation after one of a newer', () => {
    expect(checked([], { effects: [effect(1, 2), effect(2, 1)] })).toEqual({ ...clean, stale: 1 })
  })

  test('a commit that went back', () => {
    expect(checked([looked(5), looked(4)])).toEqual({ ...clean, stale: 1 })
  })
})

test('A line that its process did not live to finish is left out of the history', () => {
  const line = JSON.stringify({ atUs: 1, process: 'one', kind: 'acked', key: 'a', number: 1 })
  expect(parseHistory(`${line}\n${line.slice(0, 20)}`)).toHaveLength(1)
  expect(parseHistory('')).toEqual([])
})
