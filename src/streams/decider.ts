import type { NewEvent } from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import { checkOptionNames, shown, TidingsError } from '../kernel/index.ts'
import type { StreamDefinition } from './define-stream.ts'
import type { Fold } from './fold.ts'
import { checkSnapshots, type SnapshotOptions, snapshotKey } from './snapshot-options.ts'

/** What `definition.create` makes for each of these events: it has no id and time yet. */
export type NewEventOf<Event extends CloudEvent> =
  Event extends CloudEvent<infer Type, infer Data> ? NewEvent<Type, Data> : never

/** What a command does: one event, several in order, or none. A refusal is thrown. */
export type Decision<Event extends CloudEvent> = NewEventOf<Event> | readonly NewEventOf<Event>[] | undefined

/** Three pure functions: the same arguments, the same result, and nothing else read or changed. */
export interface DeciderFunctions<State, Command, Event extends CloudEvent> {
  /** The state of a stream without events. It is shared: `evolve` makes a new one and never changes it. */
  readonly initialState: State
  /** Whether and how the command may be carried out: the events it makes, or an error thrown as its refusal. */
  decide(command: Command, state: NoInfer<State>): Decision<Event>
  /** The state after the event. It cannot refuse: the event has happened. */
  readonly evolve: Evolve<State, Event>
  /** Saves the state now and then; it must be what JSON can hold. Default: all events are read each time. */
  readonly snapshots?: SnapshotOptions | undefined
}

/** Conditional, so that literals in what it returns are checked against the state instead of widening. */
export type Evolve<State, Event extends CloudEvent> = [State] extends [infer S]
  ? (state: S, event: Event) => S
  : never

/** A consistency boundary in function style: what `stream.decider(…)` makes. */
export interface Decider<State, Command, Event extends CloudEvent = CloudEvent> {
  // oxlint-disable-next-line typescript/no-explicit-any -- the stream of these events
  readonly stream: StreamDefinition<string, any>
  readonly initialState: State
  decide(command: Command, state: State): Decision<Event>
  evolve(state: State, event: Event): State
  readonly snapshots?: SnapshotOptions | undefined
}

const functionNames = {
  initialState: true,
  decide: true,
  evolve: true,
  snapshots: true,
} as const satisfies Record<keyof DeciderFunctions<unknown, unknown, CloudEvent>, true>

/** @throws `option_invalid` */
export function makeDecider<State, Command>(
  stream: StreamDefinition,
  functions: DeciderFunctions<State, Command, CloudEvent>,
): Decider<State, Command> {
  checkOptionNames(`The decider of ${stream.name}`, functions, functionNames)
  for (const name of ['decide', 'evolve'] as const) {
    if (typeof functions[name] === 'function') continue
    throw new TidingsError(
      'option_invalid',
      `The decider of ${stream.name} has ${shown(functions[name])} as ${name}. Give a function.`,
    )
  }
  if (functions.snapshots !== undefined) checkSnapshots(`the decider of ${stream.name}`, functions.snapshots)
  // The same function, whose type is no longer conditional.
  return { ...functions, stream } as Decider<State, Command>
}

/** How a decider makes state of events. */
export function deciderFold<State>(decider: Decider<State, never>): Fold<State> {
  const { stream, initialState, snapshots } = decider
  return {
    stream,
    begin: () => initialState,
    apply: (state, event) => decider.evolve(state, event),
    snapshots: snapshots && {
      every: snapshots.every,
      key: snapshotKey(stream, 'decider', snapshots),
      save: (state) => state,
      // It was saved under the key of this reducer, so it is what the reducer makes.
      restore: (saved) => saved as State,
    },
  }
}

/** The events of a decision as a list. */
export function decided(decision: Decision<CloudEvent>): readonly NewEvent[] {
  if (decision === undefined) return []
  return Array.isArray(decision) ? decision : [decision as NewEvent]
}
