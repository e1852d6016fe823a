import { AssertionError, deepStrictEqual } from 'node:assert/strict'
import type { NewEvent } from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import { toError } from '../kernel/index.ts'
import type { NewEventOf, Rehearsed } from '../streams/index.ts'

/** What a command did: events and the state after them, or its refusal. */
export interface CommandOutcome<State, Event extends CloudEvent = CloudEvent> {
  readonly events: readonly Event[]
  /** Undefined when it was refused. */
  readonly state: State | undefined
  /** What it threw. */
  readonly refusal: Error | undefined
}

/** What a refusal is expected to be: a class of errors, a pattern or a part of its message. */
export type Refusal = (new (...given: never) => Error) | RegExp | string

/** What is expected of a command: events, a refusal, or anything else that a function looks at. */
export type Expectation<State, Event extends CloudEvent> =
  | readonly NewEventOf<Event>[]
  | Refusal
  | ((outcome: CommandOutcome<State, Event>) => void)

/** A command that was carried out, at once: there is nothing to await. */
export interface Decided<State, Event extends CloudEvent> {
  /**
   * Checks what the command made: exactly these events, in this order, each with the type, the data and whatever else of it
   * is set; or that it was refused; or what a function says.
   * @throws AssertionError, and the refusal where events were expected.
   */
  then(expected: Expectation<State, Event>): void
}

export interface GivenState<State, Command, Event extends CloudEvent> {
  when(command: Command): Decided<State, Event>
}

export interface GivenAggregate<A, Event extends CloudEvent> {
  when(command: (aggregate: A) => void): Decided<A, Event>
}

/** Runs a command at once, and says what came of it. */
export function decidedBy<State, Event extends CloudEvent>(
  run: () => Rehearsed<State>,
): Decided<State, Event> {
  const outcome = outcomeOf(run) as CommandOutcome<State, Event>
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- "given, when, then" is how it is read
    then(expected) {
      if (isRefusal(expected)) checkRefusal(outcome, expected)
      else if (typeof expected === 'function') expected(outcome)
      else checkEvents(outcome, expected)
    },
  }
}

function outcomeOf<State>(run: () => Rehearsed<State>): CommandOutcome<State> {
  try {
    return { ...run(), refusal: undefined }
  } catch (error) {
    return { events: [], state: undefined, refusal: toError(error) }
  }
}

function isRefusal<State, Event extends CloudEvent>(
  expected: Expectation<State, Event>,
): expected is Refusal {
  if (typeof expected === 'string' || expected instanceof RegExp || expected === Error) return true
  return typeof expected === 'function' && expected.prototype instanceof Error
}

function checkEvents({ events, refusal }: CommandOutcome<unknown>, expected: readonly NewEvent[]): void {
  if (refusal !== undefined) throw refusal
  const made = events.map((event, index) => setIn(event, expected[index]))
  const wanted = expected.map(({ version: _version, ...event }) => event)
  deepStrictEqual(made, wanted)
}

/** What an expectation says of an event: an event has ids and a time of its own, which few tests are about. */
function setIn(event: CloudEvent, expected: NewEvent | undefined): object {
  const names = Object.keys({ type: true, data: true, ...expected }).filter((name) => name !== 'version')
  return Object.fromEntries(names.map((name) => [name, event[name as keyof CloudEvent]]))
}

function checkRefusal({ events, refusal }: CommandOutcome<unknown>, expected: Refusal): void {
  if (refusal === undefined) {
    const types = events.map(({ type }) => type)
    throw new AssertionError({
      message: `The command was to be refused, and it made ${types.length === 0 ? 'no events' : types.join(', ')}.`,
      actual: types,
      expected,
    })
  }
  if (isThatRefusal(refusal, expected)) return
  throw new AssertionError({
    message: `The command was refused with "${refusal.message}", and not as expected.`,
    actual: refusal,
    expected,
  })
}

function isThatRefusal(refusal: Error, expected: Refusal): boolean {
  if (typeof expected === 'string') return refusal.message.includes(expected)
  return expected instanceof RegExp ? expected.test(refusal.message) : refusal instanceof expected
}
