import { defaultSchemaBase, type NewEvent } from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import type { Clock } from '../kernel/index.ts'
import { type Aggregate, handleOf, type Stamp } from './aggregate.ts'
import { type Decider, decided } from './decider.ts'
import type { StreamDefinition } from './define-stream.ts'
import { makeDomainEvent } from './domain-events.ts'
import { timestampOf } from './moment.ts'
import { checkSynchronous } from './command-options.ts'

/** What a command has made, and the state after it. */
export interface Rehearsed<State> {
  readonly events: readonly CloudEvent[]
  readonly state: State
}

/** Events as a stream `<name>-1` of its own would have them, with ids that count. */
function stampFor(stream: StreamDefinition, clock: Clock): Stamp {
  let made = 0
  const ids = (): string => `${(made += 1)}`
  const origin = { source: '/test', schemaBase: defaultSchemaBase, clock, ids }
  return (event, time) =>
    makeDomainEvent(stream, event, origin, {
      subject: `${stream.name}-1`,
      time: time === undefined ? undefined : timestampOf('time', time),
    })
}

/**
 * For tests: what a decider makes of a command after these events, without a store.
 * @throws `data_invalid` for the given events; what it returns throws what `decide` throws, and `data_invalid`.
 */
export function rehearseDecider<State, Command>(
  decider: Decider<State, Command>,
  given: readonly NewEvent[],
  clock: Clock,
): (command: Command) => Rehearsed<State> {
  const stamp = stampFor(decider.stream, clock)
  const make = (event: NewEvent): CloudEvent => stamp(event, undefined)
  const fold = (state: State, events: readonly CloudEvent[]): State =>
    events.reduce((before, event) => decider.evolve(before, event), state)
  const state = fold(decider.initialState, given.map(make))
  return (command) => {
    const events = decided(decider.decide(command, state)).map(make)
    return { events, state: fold(state, events) }
  }
}

/**
 * For tests: what an aggregate raises in a command after these events, without a store.
 * @throws `data_invalid` for the given events; what it returns throws what the command throws.
 */
export function rehearseAggregate<A extends Aggregate>(
  stream: StreamDefinition,
  make: new (id: string) => A,
  given: readonly NewEvent[],
  clock: Clock,
): (command: (aggregate: A) => unknown) => Rehearsed<A> {
  const stamp = stampFor(stream, clock)
  const history = given.map((event) => stamp(event, undefined))
  return (command) => {
    const state = new make('1')
    for (const event of history) handleOf(state).replay(event)
    handleOf(state).loaded(history.length)
    handleOf(state).bind(stamp)
    checkSynchronous({ name: stream.name, id: '1' }, command(state))
    return { events: handleOf(state).raised(), state }
  }
}
