import {
  type EventDefinition,
  type EventSelector,
  type SelectedOf,
  type VersionedEvent,
  versionOf,
} from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import { checkName, isThenable, listed, nearest, TidingsError } from '../kernel/index.ts'
import { type Decider, type DeciderFunctions, makeDecider } from './decider.ts'

/**
 * What happens to the aggregates of one kind: their domain events, private to the service. As a selector it selects
 * all of them, each in its newest version.
 */
export interface StreamDefinition<
  Name extends string = string,
  Selected extends VersionedEvent = VersionedEvent,
> extends EventSelector<Selected> {
  readonly name: Name
  readonly events: readonly EventDefinition[]
  /**
   * Checks the data of an event and brings it to the newest version.
   * @throws as that of an event definition, and `upcast_async`, `type_unknown`.
   */
  decode(event: CloudEvent, version: number): Selected
  /** @throws `type_unknown`, naming the type that was probably meant. */
  definitionOf(type: string): EventDefinition
  /** Function style: three pure functions decide what a command does to an aggregate of this stream. */
  decider<State, Command>(
    functions: DeciderFunctions<State, Command, Selected['event']>,
  ): Decider<State, Command, Selected['event']>
  /** Compiles every schema now. @throws as that of an event definition. */
  compile(): void
}

/** An event whose upcasters are synchronous: state is made of events without waiting. */
// oxlint-disable-next-line typescript/no-explicit-any -- definitions of all data and versions
export type DomainEvent = EventDefinition<string, any, any, 'synchronous'>

/**
 * @param name of the stream, such as `order`: with the aggregate's id it makes `order-7`.
 * @throws `name_invalid`, and `definition_invalid` for a stream without events, or with an event type twice.
 */
export function defineStream<const Name extends string, const Events extends readonly DomainEvent[]>(
  name: Name,
  { events }: { readonly events: Events },
): StreamDefinition<Name, SelectedOf<Events[number]>> {
  checkName('A stream', name)
  const byType = definitionsByType(name, events)
  const definitionOf = (type: string): EventDefinition => {
    const definition = byType.get(type)
    if (definition !== undefined) return definition
    throw unknownType(name, type, [...byType.keys()])
  }
  const stream: StreamDefinition = {
    name,
    events,
    types: [...byType.keys()],
    definitionOf,
    decode: (event, version) => decodeAtOnce(definitionOf(event.type), event, version),
    decider: (functions) => makeDecider(stream, functions),
    compile() {
      for (const definition of byType.values()) definition.compile()
    },
  }
  // The definitions know their types; from here on the interface carries them.
  return stream as StreamDefinition<Name, SelectedOf<Events[number]>>
}

/** An event as the stream has it: in the newest version. */
export function decodeStored<Selected extends VersionedEvent>(
  stream: StreamDefinition<string, Selected>,
  event: CloudEvent,
): Selected {
  const { newestVersion } = stream.definitionOf(event.type)
  return stream.decode(event, versionOf(event, newestVersion))
}

function decodeAtOnce(definition: EventDefinition, event: CloudEvent, version: number): VersionedEvent {
  const decoded = definition.decode(event, version)
  if (!isThenable(decoded)) return decoded
  // Nobody waits for it; that it fails must not end the process.
  decoded.catch(() => undefined)
  throw new TidingsError(
    'upcast_async',
    `An upcaster of ${definition.type} from version ${version} on returned a Promise. State is made of a stream's events without waiting: make the upcaster synchronous, and look up in the handler of an integration event what it needs.`,
  )
}

function definitionsByType(
  name: string,
  events: readonly EventDefinition[],
): ReadonlyMap<string, EventDefinition> {
  const invalid = (what: string): TidingsError =>
    new TidingsError('definition_invalid', `The stream ${name} ${what}`)
  if (events.length === 0) throw invalid('has no events. Name at least one.')
  const byType = new Map<string, EventDefinition>()
  for (const definition of events) {
    if (byType.has(definition.type)) throw invalid(`has ${definition.type} twice. Leave one out.`)
    byType.set(definition.type, definition)
  }
  return byType
}

function unknownType(name: string, type: string, types: readonly string[]): TidingsError {
  const near = nearest(type, types)
  const advice = near === undefined ? `It has ${listed(types)}.` : `Did you mean ${near}?`
  return new TidingsError(
    'type_unknown',
    `The stream ${name} has no event of type ${JSON.stringify(type.slice(0, 200))}. ${advice}`,
  )
}
