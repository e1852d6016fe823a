import type { CloudEvent } from '../event/index.ts'
import type { Issue } from '../kernel/index.ts'
import type { Difference, JsonSchema } from '../schema/index.ts'
import type { EventSelector, VersionedEvent } from './event-selector.ts'
import type { NewestOf, VersionMap } from './version-numbers.ts'

/**
 * One type of event: its versions, their schemas, and what brings an old one to the newest. As a selector it selects
 * the newest version.
 */
export interface EventDefinition<
  Type extends string = string,
  Data = unknown,
  // oxlint-disable-next-line typescript/no-explicit-any -- the only default that definitions of all versions fit
  Versions extends VersionMap = any,
  Upcasts extends Upcasting = Upcasting,
> extends EventSelector<VersionedEvent<Type, Data, NewestOf<Versions>>> {
  /** Never set: it tells the compiler whether an old event can be brought to the newest version without waiting. */
  readonly '~upcasts'?: Upcasts | undefined
  readonly type: Type
  readonly newestVersion: NewestOf<Versions>
  readonly oldestVersion: number
  /** Selects every version as it was written: checked, not upcast. */
  readonly versions: EventSelector<AnyVersion<Type, Versions>>
  /** An event of the newest version that has no id and time yet; its data is checked when it is published. */
  create(data: Data, attributes?: EventAttributes): NewEvent<Type, Data>
  /** @throws `version_unknown` */
  schemaOf(version: number): JsonSchema
  /** True for a version whose data is made from the version before by an upcaster. @throws `version_unknown` */
  hasUpcaster(version: number): boolean
  /**
   * How its schema differs from the version before, by the lenient policy; empty for the oldest.
   * @throws `version_unknown`, `schema_too_complex`
   */
  differences(version: number): readonly Difference[]
  /**
   * What is wrong with data of that version: always the same empty list when nothing is.
   * @throws `version_unknown`
   */
  issues(version: number, data: unknown): readonly Issue[]
  /**
   * The subject of an event with this data, which must be valid; undefined where the definition names none.
   * @throws `definition_invalid` when the function given to `subject` threw or did not return text.
   */
  subjectOf(data: Data): string | undefined
  /**
   * Compiles every schema now instead of at its first event, and proves that a version without an upcaster takes all data
   * of the version before.
   * @throws `schema_invalid`, `schema_unsupported`, and `schema_incompatible`, which says what would make it fit.
   */
  compile(): void
}

/** Whether any of an event's upcasters returns a Promise: those of streams may not. */
export type Upcasting = 'synchronous' | 'asynchronous'

/** One `VersionedEvent` for each version. */
export type AnyVersion<Type extends string, Versions> = {
  [Version in keyof Versions & number]: VersionedEvent<Type, Versions[Version], Version>
}[keyof Versions & number]

/** What a caller may set on an event; whoever publishes it fills in the rest. */
export type EventAttributes = { readonly [Name in keyof SetAttributes]?: SetAttributes[Name] | undefined }

type SetAttributes = Omit<
  CloudEvent,
  'specversion' | 'source' | 'type' | 'data' | 'datacontenttype' | 'dataschema'
>

/** An event that is not published yet: id, source, time and trace context are still to come where they are not set. */
export interface NewEvent<Type extends string = string, Data = unknown> extends Partial<SetAttributes> {
  readonly type: Type
  readonly version: number
  readonly data: Data
}
