import { TidingsError } from '../kernel/index.ts'
import type { EventDefinition } from './event-definition.ts'
import type { EventOf } from './event-selector.ts'
import type { Topic } from './topic.ts'
import { unknownType } from './unknown-type.ts'

/** The events that a service knows, each on one topic. */
export interface Catalog<Topics extends readonly Topic[] = readonly Topic[]> {
  readonly topics: Topics
  /** @throws `type_unknown`, naming the type that was probably meant. */
  topicOf(type: string): Topic
  /** @throws `type_unknown`, naming the type that was probably meant. */
  definitionOf(type: string): EventDefinition
  /**
   * Compiles every schema now, so that a broken one shows at start, and proves that every version without an upcaster fits.
   * @throws `schema_invalid`, `schema_unsupported`, `schema_incompatible`
   */
  compile(): void
}

/** The names of all event types in a catalog, as a union. */
export type TypesOf<C extends Catalog> = EventOf<C['topics'][number]>['type']

/** @throws `catalog_invalid` for an event type on two topics, and for two topics of one name. */
export function defineCatalog<const Topics extends readonly Topic[]>(topics: Topics): Catalog<Topics> {
  const places = placesOf(topics)
  const placeOf = (type: string): Place => {
    const place = places.get(type)
    if (place) return place
    throw unknownType(type, 'The catalog', places.keys())
  }
  return {
    topics,
    topicOf: (type) => placeOf(type).topic,
    definitionOf: (type) => placeOf(type).definition,
    compile() {
      for (const { definition } of places.values()) definition.compile()
    },
  }
}

interface Place {
  readonly topic: Topic
  readonly definition: EventDefinition
}

function placesOf(topics: readonly Topic[]): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>()
  const names = new Set<string>()
  if (!Array.isArray(topics) || topics.some((topic) => !Array.isArray(topic?.events))) {
    throw new TidingsError(
      'catalog_invalid',
      'The catalog is not made of topics. Put events on one: defineCatalog([defineTopic("orders", { events: [orderCreated] })]).',
    )
  }
  for (const topic of topics) {
    if (names.has(topic.name)) throw twice(`two topics called ${topic.name}`, 'Give one another name')
    names.add(topic.name)
    for (const definition of topic.events) {
      const other = places.get(definition.type)?.topic.name
      if (other) throw twice(`${definition.type} on ${other} and on ${topic.name}`, 'Keep it on one')
      places.set(definition.type, { topic, definition })
    }
  }
  return places
}

function twice(what: string, advice: string): TidingsError {
  return new TidingsError('catalog_invalid', `The catalog has ${what}. ${advice}.`)
}
