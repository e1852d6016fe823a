import type { CloudEvent } from '../event/index.ts'
import {
  checkName,
  checkOptionNames,
  type Duration,
  durationMs,
  limits,
  TidingsError,
} from '../kernel/index.ts'
import type { EventDefinition } from './event-definition.ts'
import type { EventSelector, SelectedOf, VersionedEvent } from './event-selector.ts'
import { unknownType } from './unknown-type.ts'

/** A named log and the events it holds. As a selector it selects all of them, each in its newest version. */
export interface Topic<Name extends string = string, Selected extends VersionedEvent = VersionedEvent>
  extends EventSelector<Selected> {
  readonly name: Name
  readonly events: readonly EventDefinition[]
  readonly partitions: number
  /** What is not set is not limited. */
  readonly retention: { readonly ageMs?: number; readonly bytes?: number }
}

export interface TopicOptions<Events extends readonly EventDefinition[]> {
  /** At least one; none of them on another topic. */
  readonly events: Events
  /** 1 to 1,024, default 8. It cannot be changed later: it decides which keys keep their order together. */
  readonly partitions?: number | undefined
  /** How long, and how much, events are kept: whichever is over first. Default: for ever. */
  readonly retention?:
    | { readonly age?: Duration | undefined; readonly bytes?: number | undefined }
    | undefined
}

const optionNames = {
  events: true,
  partitions: true,
  retention: true,
} as const satisfies Record<keyof TopicOptions<readonly EventDefinition[]>, true>

/** @throws `name_invalid`, `option_invalid`, and `catalog_invalid` for an event type that is there twice. */
export function defineTopic<const Name extends string, const Events extends readonly EventDefinition[]>(
  name: Name,
  options: TopicOptions<Events>,
): Topic<Name, SelectedOf<Events[number]>> {
  checkName('A topic', name)
  checkOptionNames('defineTopic', options, optionNames)
  const { events, partitions = limits.defaultPartitions, retention = {} } = options
  checkCount(`The number of partitions of topic ${name}`, partitions, limits.partitionsPerTopic)
  const byType = definitionsByType(name, events)
  const decode = (event: CloudEvent, version: number): VersionedEvent | Promise<VersionedEvent> => {
    const definition = byType.get(event.type)
    if (definition) return definition.decode(event, version)
    throw unknownType(event.type, `Topic ${name}`, byType.keys())
  }
  return {
    name,
    events,
    partitions,
    retention: retentionOf(name, retention),
    types: [...byType.keys()],
    decode: decode as Topic<Name, SelectedOf<Events[number]>>['decode'],
  }
}

function definitionsByType(
  name: string,
  events: readonly EventDefinition[],
): ReadonlyMap<string, EventDefinition> {
  if (!Array.isArray(events) || events.some((event) => typeof event?.compile !== 'function')) {
    throw new TidingsError(
      'option_invalid',
      `The events of topic ${name} are no list of event definitions. Write events: [orderCreated], each with a version.`,
    )
  }
  if (events.length === 0)
    throw new TidingsError('catalog_invalid', `Topic ${name} has no events. Name at least one.`)
  const byType = new Map<string, EventDefinition>()
  for (const definition of events) {
    if (byType.has(definition.type)) {
      throw new TidingsError('catalog_invalid', `Topic ${name} has ${definition.type} twice. Leave one out.`)
    }
    byType.set(definition.type, definition)
  }
  return byType
}

function retentionOf(
  name: string,
  retention: NonNullable<TopicOptions<readonly EventDefinition[]>['retention']>,
): Topic['retention'] {
  checkOptionNames(`The retention of topic ${name}`, retention, { age: true, bytes: true })
  const { age, bytes } = retention
  if (bytes !== undefined)
    checkCount(`The retention in bytes of topic ${name}`, bytes, Number.MAX_SAFE_INTEGER)
  return {
    ...(age === undefined ? {} : { ageMs: durationMs(age) }),
    ...(bytes === undefined ? {} : { bytes }),
  }
}

function checkCount(what: string, count: number, largest: number): void {
  if (Number.isSafeInteger(count) && count >= 1 && count <= largest) return
  throw new TidingsError(
    'option_invalid',
    `${what} cannot be ${count}. Use a whole number from 1 to ${largest}.`,
  )
}
