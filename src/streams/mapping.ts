import type { EventSelector, NewEvent, VersionedEvent } from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import { isThenable, listed, shown, TidingsError, toError } from '../kernel/index.ts'
import { streamText } from './stream-name.ts'
import type { StreamId } from './stream-store.ts'

/** What a mapping makes: an integration event, several in order, or none. */
export type Mapped<Types extends string> = NewEvent<Types> | readonly NewEvent<Types>[] | undefined

/** What domain events tell other services. Those that no mapping selects stay private. */
export interface Mapping<out Types extends string = string> {
  /** The domain events that it selects. */
  readonly types: readonly string[]
  /** Whether it takes those of one append together, or one after the other. */
  readonly together: boolean
  map(events: readonly CloudEvent[], stream: StreamId): Mapped<Types>
}

/**
 * Each domain event becomes integration events: one, several, or none. The function is pure and synchronous; its second
 * argument is the stream, whose id is the aggregate's.
 */
export function mapEvent<Selected extends VersionedEvent, Types extends string>(
  domain: EventSelector<Selected>,
  map: (event: Selected['event'], stream: StreamId) => Mapped<Types>,
): Mapping<Types> {
  checkMapping('mapEvent', domain, map)
  return {
    types: domain.types,
    together: false,
    map: ([event], stream) => (event === undefined ? undefined : map(event, stream)),
  }
}

/**
 * The domain events of one append become integration events together: several of them one, for instance. It is called with
 * those that the selector selects, in order, where there are any. What happens in several appends is one domain event of its own.
 */
export function mapEvents<Selected extends VersionedEvent, Types extends string>(
  domain: EventSelector<Selected>,
  map: (events: readonly Selected['event'][], stream: StreamId) => Mapped<Types>,
): Mapping<Types> {
  checkMapping('mapEvents', domain, map)
  return {
    types: domain.types,
    together: true,
    map,
  }
}

function checkMapping(call: string, domain: EventSelector, map: unknown): void {
  if (!Array.isArray(domain?.types)) {
    throw new TidingsError(
      'option_invalid',
      `${call} got ${shown(domain)} as what it maps. Give an event definition or a stream.`,
    )
  }
  if (typeof map === 'function') return
  throw new TidingsError('option_invalid', `${call} got ${shown(map)} as its mapping. Give a function.`)
}

/**
 * The integration events of an append, in the order of the domain events that they come from: each with the time and the
 * correlation id of its domain event, whose id is its causation id.
 * @throws `mapping_failed`
 */
export function integrationEvents(
  mappings: readonly Mapping[],
  stream: StreamId,
  events: readonly CloudEvent[],
): readonly NewEvent[] {
  const made: { readonly at: number; readonly event: NewEvent }[] = []
  for (const mapping of mappings) {
    for (const indexes of callsOf(mapping, events)) {
      const from = indexes.map((index) => events[index]).filter((event) => event !== undefined)
      const at = indexes.at(-1) ?? 0
      for (const event of mapped(mapping, from, stream)) made.push({ at, event: toldOf(event, from) })
    }
  }
  return made.toSorted((a, b) => a.at - b.at).map(({ event }) => event)
}

/** Which events each call of a mapping gets, by their index. */
function callsOf(
  { types, together }: Mapping,
  events: readonly CloudEvent[],
): readonly (readonly number[])[] {
  const selected = [...events.keys()].filter((index) => types.includes(events[index]?.type ?? ''))
  if (selected.length === 0) return []
  return together ? [selected] : selected.map((index) => [index])
}

function mapped(mapping: Mapping, events: readonly CloudEvent[], stream: StreamId): readonly NewEvent[] {
  const fail = (what: string, cause?: unknown): TidingsError =>
    new TidingsError(
      'mapping_failed',
      `The mapping of ${listed(new Set(events.map(({ type }) => type)))} in stream "${streamText(stream)}" ${what} Nothing was appended.`,
      { cause },
    )
  let result: unknown
  try {
    result = mapping.map(events, stream)
  } catch (cause) {
    throw fail(`failed: ${toError(cause).message}.`, cause)
  }
  if (isThenable(result)) {
    Promise.resolve(result).catch(() => undefined)
    throw fail('returned a Promise. Make it synchronous: look up before the command what it needs.')
  }
  if (result === undefined) return []
  const list: readonly unknown[] = Array.isArray(result) ? result : [result]
  for (const event of list) {
    if (!isNewEvent(event)) throw fail(`returned ${shown(event)}. Return what definition.create(data) makes.`)
  }
  return list.filter(isNewEvent)
}

function isNewEvent(value: unknown): value is NewEvent {
  return (
    typeof value === 'object' && value !== null && 'type' in value && 'version' in value && 'data' in value
  )
}

function toldOf(event: NewEvent, from: readonly CloudEvent[]): NewEvent {
  const last = from.at(-1)
  if (last === undefined) return event
  const { id: causationid, correlationid = last.id, time } = last
  return { ...(time === undefined ? {} : { time }), correlationid, causationid, ...event }
}
