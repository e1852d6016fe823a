import type { CloudEvent } from '../event/index.ts'

/**
 * An event and the version its data has. A union of these narrows: on `version` where it holds several versions of
 * one type, on `event.type` where it holds several types.
 */
export interface VersionedEvent<
  Type extends string = string,
  Data = unknown,
  Version extends number = number,
> {
  readonly event: CloudEvent<Type, Data>
  readonly version: Version
}

/** What a group can be told to handle: an event definition, its `versions`, or a topic. */
export interface EventSelector<Selected extends VersionedEvent = VersionedEvent> {
  /** The event types it selects, each once. */
  readonly types: readonly string[]
  /**
   * Checks the data of an event and brings it to the version that is selected.
   * @param event of one of `types`.
   * @param version the version its data was written in, as `versionOf` reads it.
   * @returns a Promise only where an asynchronous upcaster had to run.
   * @throws `data_invalid` when the data, or what the upcasters made of it, breaks the schema;
   * `upcast_failed` when an upcaster threw; `version_newer` and `version_unknown` for versions the code does not have.
   */
  decode(event: CloudEvent, version: number): Selected | Promise<Selected>
}

/** What a handler of the selector gets: the event and its version. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever is selected
export type SelectedOf<Selector extends EventSelector<any>> =
  Selector extends EventSelector<infer Selected> ? Selected : never

/** The events of a definition, of its `versions` or of a topic. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever is selected
export type EventOf<Selector extends EventSelector<any>> = SelectedOf<Selector>['event']
