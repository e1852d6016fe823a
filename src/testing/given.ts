import type { Catalog, NewEvent, Topic, TypesOf, VersionedEvent } from '../catalog/index.ts'
import {
  type Aggregate,
  type Decider,
  type NewEventOf,
  rehearseAggregate,
  rehearseDecider,
  type StreamDefinition,
} from '../streams/index.ts'
import { type GivenEvents, givenEvents } from './given-events.ts'
import { decidedBy, type GivenAggregate, type GivenState } from './given-state.ts'
import { VirtualClock } from './virtual-clock.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- of all states, commands and events
type AnyDecider = Decider<any, any, any>
type EventsOf<D> = D extends Decider<infer _State, infer _Command, infer Event> ? Event : never
type GivenDecider<D> =
  D extends Decider<infer State, infer Command, infer Event> ? GivenState<State, Command, Event> : never

/**
 * A test of one handler: `await given(catalog, [orderPlaced.create(…)]).when(orderPlaced, bill).then(({ published }) => …)`.
 * What it rejects with is an event that could not be published.
 */
export function given<const Topics extends readonly Topic[]>(
  catalog: Catalog<Topics>,
  events: readonly NewEvent<TypesOf<Catalog<Topics>>>[],
): GivenEvents<TypesOf<Catalog<Topics>>>
/**
 * A test of a decider, without a store and at once: `given(order, [orderPlaced.create(…)]).when({ type: 'pay' })
 * .then([orderPaid.create(…)])`, or `.then(OrderRefused)`.
 */
export function given<D extends AnyDecider>(
  decider: D,
  events: readonly NewEventOf<EventsOf<D>>[],
): GivenDecider<D>
/** The same of an aggregate: `given(orderStream, Order, [orderPlaced.create(…)]).when((order) => order.pay()).then(…)`. */
export function given<Selected extends VersionedEvent, A extends Aggregate<NoInfer<Selected>['event']>>(
  stream: StreamDefinition<string, Selected>,
  aggregate: new (id: string) => A,
  events: readonly NewEventOf<NoInfer<Selected>['event']>[],
): GivenAggregate<A, Selected['event']>
export function given(subject: object, ...rest: readonly unknown[]): unknown {
  const clock = new VirtualClock()
  if ('topics' in subject) return givenEvents(subject as Catalog, rest[0] as readonly NewEvent[])
  if ('decide' in subject) {
    const decider = subject as Decider<unknown, unknown>
    const events = rest[0] as readonly NewEvent[]
    const carryOut = rehearseDecider(decider, events, clock)
    return { when: (command: unknown) => decidedBy(() => carryOut(command)) }
  }
  const [aggregate, events] = rest as readonly [new (id: string) => Aggregate, readonly NewEvent[]]
  const stream = subject as StreamDefinition
  const carryOut = rehearseAggregate(stream, aggregate, events, clock)
  return { when: (command: (of: Aggregate) => unknown) => decidedBy(() => carryOut(command)) }
}
