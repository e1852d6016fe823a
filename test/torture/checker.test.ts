import { describe, expect, test } from 'vitest'
import { type Buried, check, type Effect, type Evidence, type Verdict } from './checker.ts'
import type { Conduct } from './conduct.ts'
import { type Entry, type Happening, parseHistory } from './history.ts'

const clean: Verdict = {
  lost: 0,
  doubled: 0,
  reordered: 0,
  overlapping: 0,
  passed: 0,
  stale: 0,
  unheld: 0,
  overtried: 0,
  misjudged: 0,
}

type Said = Happening & { readonly process?: string }

const event = (number: number): { group: string; key: string; number: number } => ({
  group: 'billing',
  key: 'a',
  number,
})
const acked = (number: number): Said => ({ kind: 'acked', key: 'a', number })
const started = (number: number, process = 'one', attempt = 1): Said => ({
  kind: 'started',
  ...event(number),
  process,
  attempt,
})
const killed = (target: string): Said => ({ kind: 'killed', target, process: 'main' })
const redriven = (number: number): Said => ({ kind: 'redriven', ...buried(number), process: 'main' })
const discarded = (number: number): Said => ({ kind: 'discarded', ...buried(number), process: 'main' })
const ended = (number: number, process = 'one'): Said => ({ kind: 'ended', ...event(number), process })
const delivered = (...numbers: readonly number[]): readonly Said[] =>
  numbers.flatMap((number) => [started(number), ended(number)])
const attempted = (number: number, process: string, attempt: number): readonly Said[] => [
  started(number, process, attempt),
  ended(number, process),
]
const effect = (number: number, generation = 1, atUs = 0): Effect => ({
  ...event(number),
  partition: 0,
  generation,
  atUs,
})
const everyEvent = (conduct: Conduct) => (): Conduct => conduct
const buried = (number: number, reason = 'handler_failed'): Buried => ({ ...event(number), reason })
const looked = (committed: number, unfinished = committed): Said => ({
  kind: 'looked',
  group: 'billing',
  partition: 0,
  committed,
  unfinished,
})

function checked(said: readonly Said[], rest: Partial<Evidence> = {}): Verdict {
  const history: readonly Entry[] = said.map((happening, atUs) => ({ process: 'one', ...happening, atUs }))
  const named = { groups: ['billing'], holdingGroup: 'none', attempts: 3, conductOf: () => 'fails' as const }
  return check({ ...named, history, effects: [], deadLetters: [], ...rest })
}

describe('A history without a fault', () => {
  test('has nothing to complain of', () => {
    const said = [acked(1), acked(2), acked(3), ...delivered(1, 2, 3), looked(2), looked(3)]
    expect(checked(said, { effects: [effect(1), effect(2)], deadLetters: [buried(3)] })).toEqual(clean)
  })

  test('may have deliveries again, of another member too', () => {
    const again = [started(1, 'two', 2), ended(1, 'two'), started(2, 'two'), ended(2, 'two')]
    const effects = [effect(1), effect(2, 2)]
    expect(checked([...delivered(1), killed('one'), ...again], { effects })).toEqual(clean)
  })

  test('may have effects that nobody lived to acknowledge or to tell', () => {
    expect(checked([], { effects: [effect(1)] })).toEqual(clean)
  })

  test('may have a delivery that begins when the member of another is dead or paused', () => {
    for (const kind of ['killed', 'paused'] as const) {
      const fault: Said = { kind, target: 'one', process: 'main' }
      expect(checked([started(1), fault, started(1, 'two', 2)])).toEqual(clean)
      expect(checked([fault, started(1), started(1, 'two', 2)])).toEqual(clean)
    }
  })

  test('may have a delivery that begins at the end of a lease, when the handler of its last owner is still at work', () => {
    const lapsed: Said = { kind: 'lapsed', target: 'one', process: 'main' }
    expect(checked([started(1), lapsed, started(1, 'two', 2), ended(1)])).toEqual(clean)
    expect(checked([started(1), started(1, 'two', 2), lapsed, ended(1)])).toEqual(clean)
  })

  test('an attempt made again after the lease has lapsed in the middle of the last one', () => {
    const lapsed: Said = { kind: 'lapsed', target: 'one', process: 'main' }
    const said = [...attempted(1, 'one', 1), started(1, 'one', 2), lapsed, ended(1), started(1, 'two', 2)]
    expect(checked(said)).toEqual(clean)
  })

  test('may have a discarded event instead of a handled one', () => {
    expect(checked([acked(1), discarded(1)])).toEqual(clean)
  })

  test('may repeat failed attempts that were not stored when their process died', () => {
    const first = [...attempted(1, 'one', 1), ...attempted(1, 'one', 2), ...attempted(1, 'one', 3)]
    expect(checked([...first, killed('one'), ...attempted(1, 'two', 2)])).toEqual(clean)
  })

  test('may repeat an attempt whose owner had the event handed over after failures, and died in it', () => {
    const handedOver = [...attempted(1, 'one', 1), started(1, 'two', 2), killed('two')]
    expect(checked([...handedOver, ...attempted(1, 'three', 2)])).toEqual(clean)
  })

  test('may have an attempt begun between the word of a kill and the kill, which nobody has stored', () => {
    const said = [...attempted(1, 'one', 1), ...attempted(1, 'one', 2), killed('one'), started(1, 'one', 3)]
    expect(checked([...said, ...attempted(1, 'two', 2)])).toEqual(clean)
  })

  test('may take an attempt back when the process lived through it', () => {
    const said = [started(1), killed('one'), ...attempted(1, 'two', 2), ...attempted(1, 'two', 2)]
    expect(checked(said)).toEqual(clean)
  })

  test('may take an attempt back also where the process has lost the event by a pause and got it again', () => {
    const faults: readonly Said[] = [
      { kind: 'paused', target: 'one', process: 'main' },
      { kind: 'resumed', target: 'one', process: 'main' },
    ]
    const again = [...attempted(1, 'one', 2), ...attempted(1, 'one', 2), ...attempted(1, 'one', 3)]
    expect(checked([...attempted(1, 'one', 1), ...faults, ...again])).toEqual(clean)
  })

  test('may have all its attempts again after a redrive', () => {
    const said = [
      ...attempted(1, 'one', 1),
      ...attempted(1, 'one', 3),
      redriven(1),
      ...attempted(1, 'one', 1),
    ]
    expect(checked(said)).toEqual(clean)
  })

  test('may have later events of a key behind one that was handled or discarded, in the group that holds', () => {
    const said = [...delivered(1), ...delivered(2), discarded(2), ...delivered(3)]
    expect(checked(said, { holdingGroup: 'billing', effects: [effect(1, 1, 1)] })).toEqual(clean)
  })

  test('may have a neighbour that was at work in nearly all the deaths', () => {
    const deadLetters = [buried(1, 'handler_crashed')]
    expect(checked([started(1), killed('one')], { conductOf: everyEvent('handled'), deadLetters })).toEqual(
      clean,
    )
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
    expect(checked([started(1), started(1, 'two', 2), ended(1)])).toEqual({ ...clean, overlapping: 1 })
    expect(checked([started(1), started(2)])).toEqual({ ...clean, overlapping: 1 })
  })

  test('what a member begins after its pause, when another has the key', () => {
    const said: readonly Said[] = [
      { kind: 'paused', target: 'one', process: 'main' },
      started(1, 'two'),
      { kind: 'resumed', target: 'one', process: 'main' },
      started(1, 'one', 2),
    ]
    expect(checked(said)).toEqual({ ...clean, overlapping: 1 })
  })

  test('what a member begins after the end of its lease, when another has the key', () => {
    const lapsed: Said = { kind: 'lapsed', target: 'one', process: 'main' }
    const said = [lapsed, started(1, 'two'), started(1, 'one', 2)]
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

  test('in the group that holds, what begins before an earlier event of its key is handled or discarded', () => {
    const said = [...delivered(1), ...delivered(2), redriven(1), ...delivered(3)]
    const effects = [effect(1, 1, said.length)]
    expect(checked(said, { holdingGroup: 'billing', effects })).toEqual({ ...clean, unheld: 2 })
  })

  test('an attempt beyond those of its event', () => {
    const said = [1, 2, 3, 4].flatMap((attempt) => attempted(1, 'one', attempt))
    expect(checked(said)).toEqual({ ...clean, overtried: 1 })
  })

  test('an attempt whose number does not rise, although its process lives', () => {
    const said = [...attempted(1, 'one', 1), ...attempted(1, 'one', 1)]
    expect(checked(said)).toEqual({ ...clean, overtried: 1 })
  })

  test('an attempt that forgets the death of its process', () => {
    const began = [started(1), killed('one')]
    expect(checked([...began, started(1, 'two', 1)])).toEqual({ ...clean, overtried: 1 })
    const again = [...began, started(1, 'two', 2), killed('two')]
    expect(checked([...again, started(1, 'three', 2)])).toEqual({ ...clean, overtried: 1 })
  })

  test('an event that kills its process, as a dead letter of another reason', () => {
    const deadLetters = [buried(1), buried(2, 'handler_crashed')]
    expect(checked([redriven(3)], { conductOf: everyEvent('kills'), deadLetters })).toEqual({
      ...clean,
      misjudged: 2,
    })
  })

  test('the neighbour of one that kills, as a dead letter', () => {
    const deadLetters = [buried(1, 'handler_crashed')]
    expect(checked([], { conductOf: everyEvent('handled'), deadLetters })).toEqual({ ...clean, misjudged: 1 })
  })
})

test('A line that its process did not live to finish is left out of the history', () => {
  const line = JSON.stringify({ atUs: 1, process: 'one', kind: 'acked', key: 'a', number: 1 })
  expect(parseHistory(`${line}\n${line.slice(0, 20)}`)).toHaveLength(1)
  expect(parseHistory('')).toEqual([])
})
