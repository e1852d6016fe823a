import type { CloudEvent } from '../event/index.ts'
import { type Issue, limits, TidingsError } from '../kernel/index.ts'
import {
  compareSchemas,
  type DataOf,
  type Difference,
  type JsonSchema,
  type Schema,
} from '../schema/index.ts'
import { decodeNewest, decodeWritten } from './decode.ts'
import type { EventAttributes, EventDefinition, NewEvent, Upcasting } from './event-definition.ts'
import { EventHistory } from './event-history.ts'
import type { EventSelector, VersionedEvent } from './event-selector.ts'
import { EventVersion } from './event-version.ts'
import { findingsOf, incompatibility } from './version-check.ts'
import type { NextOf, VersionMap } from './version-numbers.ts'

/** An event definition that still needs its first version. */
export interface UnversionedEvent<Type extends string> {
  /**
   * The oldest version that is kept: 1, or a later one where those before are gone.
   * @throws `definition_invalid`, and `schema_unsupported` for a schema that cannot be written as JSON Schema.
   */
  version<const Version extends number, const S extends Schema>(
    version: Version,
    schema: S,
  ): EventDefinitionBuilder<Type, DataOf<S>, { [_ in Version]: DataOf<S> }>
}

/** An event definition, to which another version and the subject can be added. Each call returns a new one. */
export interface EventDefinitionBuilder<
  Type extends string,
  Data,
  Versions extends VersionMap,
  Upcasts extends Upcasting = 'synchronous',
> extends EventDefinition<Type, Data, Versions, Upcasts> {
  /**
   * @param version the next number.
   * @param upcast makes data of the version before into this one. It must not change what it is given. It may be left out
   * where such data is valid as it is, which is checked when the bus opens.
   * @throws `definition_invalid`, and `schema_unsupported` for a schema that cannot be written as JSON Schema.
   */
  version<const S extends Schema, Upcast extends UpcasterWhereNeeded<Data, S>>(
    version: NextOf<Versions>,
    schema: S,
    ...upcast: Upcast
  ): EventDefinitionBuilder<
    Type,
    DataOf<S>,
    {
      [V in (keyof Versions & number) | NextOf<Versions>]: V extends keyof Versions ? Versions[V] : DataOf<S>
    },
    Upcasts | UpcastingOf<Upcast>
  >
  /** What an event is about, from its data in the newest version: it orders events where no partition key is set. */
  subject(of: (data: Data) => string): EventDefinition<Type, Data, Versions, Upcasts>
}

/** Conditional, so that literals in what it returns are checked against the schema instead of widening. */
export type Upcaster<From, S> = [S] extends [infer To]
  ? (data: From) => DataOf<To> | Promise<DataOf<To>>
  : never

/** What an upcaster returns decides it; of one that returns `any`, nothing is known. */
type UpcastingOf<Upcast> = Upcast extends readonly [(data: never) => infer Returned]
  ? 0 extends 1 & Returned
    ? never
    : Extract<Returned, PromiseLike<unknown>> extends never
      ? never
      : 'asynchronous'
  : never

/** What TypeScript already knows not to fit needs an upcaster. */
export type UpcasterWhereNeeded<From, S> = [From] extends [DataOf<S>]
  ? [upcast?: Upcaster<From, S>]
  : [upcast: Upcaster<From, S>]

/**
 * An event: `defineEvent('com.example.orders.created').version(1, OrderCreatedV1)`.
 * @param type not empty, at most 256 printable characters; it changes only when the meaning does.
 * @throws `definition_invalid`
 */
export function defineEvent<const Type extends string>(type: Type): UnversionedEvent<Type> {
  if (type.length > limits.typeLength || !printable.test(type)) {
    throw new TidingsError(
      'definition_invalid',
      `${JSON.stringify(type.slice(0, 100))} is not an event type. Use 1 to ${limits.typeLength} printable characters, such as com.example.orders.created.`,
    )
  }
  return {
    version(version, schema) {
      const history = EventHistory.of(type, new EventVersion(type, version, schema))
      // The class knows no data types; from here on the interfaces carry them.
      return new Definition(history) as never
    },
  }
}

const printable = /^[^\p{C}]+$/u

type SubjectOf = (data: unknown) => string

/** What the interfaces say, without their types: the schemas have vouched for the data before anything else sees it. */
class Definition implements EventDefinition {
  readonly type: string
  readonly types: readonly string[]
  readonly versions: EventSelector
  readonly #history: EventHistory
  readonly #subjectOf: SubjectOf | undefined

  constructor(history: EventHistory, subjectOf?: SubjectOf) {
    this.type = history.type
    this.types = [history.type]
    this.versions = { types: this.types, decode: (event, version) => decodeWritten(history, event, version) }
    this.#history = history
    this.#subjectOf = subjectOf
  }

  get newestVersion(): number {
    return this.#history.newest.version
  }

  get oldestVersion(): number {
    return this.#history.oldest.version
  }

  version(version: number, schema: Schema, upcast?: (data: unknown) => unknown): Definition {
    return new Definition(
      this.#history.with(new EventVersion(this.type, version, schema, upcast)),
      this.#subjectOf,
    )
  }

  subject(of: SubjectOf): Definition {
    return new Definition(this.#history, of)
  }

  decode(event: CloudEvent, version: number): VersionedEvent | Promise<VersionedEvent> {
    return decodeNewest(this.#history, event, version)
  }

  create(data: unknown, attributes: EventAttributes = {}): NewEvent {
    const set = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
    return { ...set, type: this.type, version: this.newestVersion, data }
  }

  schemaOf(version: number): JsonSchema {
    return this.#history.at(version).schema
  }

  hasUpcaster(version: number): boolean {
    return this.#history.at(version).upcast !== undefined
  }

  differences(version: number): readonly Difference[] {
    const { schema } = this.#history.at(version)
    if (version === this.oldestVersion) return []
    return compareSchemas({ schema: this.schemaOf(version - 1) }, { schema }, { policy: 'lenient' })
  }

  issues(version: number, data: unknown): readonly Issue[] {
    return this.#history.at(version).issues(data)
  }

  subjectOf(data: unknown): string | undefined {
    return this.#subjectOf && subjectFrom(this.type, this.#subjectOf, data)
  }

  compile(): void {
    for (const version of this.#history) version.compile()
    const error = incompatibility(findingsOf(this, []))
    if (error !== undefined) throw error
  }
}

function subjectFrom(type: string, subjectOf: SubjectOf, data: unknown): string {
  const wrong = (what: string, cause?: unknown): TidingsError =>
    new TidingsError('definition_invalid', `The function given to subject of ${type} ${what}`, { cause })
  let subject: unknown
  try {
    subject = subjectOf(data)
  } catch (cause) {
    throw wrong(`threw: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
  if (typeof subject === 'string' && subject !== '') return subject
  throw wrong('must return text that is not empty (CloudEvents 1.0, subject).')
}
