import type { CallerTransaction } from '../kernel/index.ts'

/** Which stream: the name that its definition has, and the aggregate's own id. Written `cart-7` in texts. */
export interface StreamId {
  readonly name: string
  readonly id: string
}

/** What the caller believes about a stream when it appends: nothing, that it has no event, that it has some, or its version. */
export type ExpectedVersion = 'any' | 'empty' | 'exists' | number

/** A domain event to be appended. */
export interface StreamEvent {
  /** Unique among all streams of the store: the same event appended twice is there once. */
  readonly id: string
  readonly type: string
  /** The event's own time in ms since the Unix epoch: what "as of" goes by. */
  readonly timeMs: number
  /** Structured JSON of the event. */
  readonly body: string
}

/** A domain event as it is stored. */
export interface StreamRecord extends StreamEvent {
  readonly stream: StreamId
  /** The stream version with this event: 1 for the first. */
  readonly version: number
  /** Its place among all streams, in commit order: opaque, and only of this store. */
  readonly position: string
}

export interface AppendOptions<T extends CallerTransaction> {
  readonly expected: ExpectedVersion
  /**
   * Runs in the transaction of the append, after the events are written: what it writes commits with them, or nothing
   * does. It is not run for events that were there already. A store may run it again after a transaction that was rolled back.
   */
  readonly within?: ((tx: T['tx']) => T['written']) | undefined
}

export interface Appended {
  /** The stream version after it. */
  readonly version: number
  /** False when the same events were there already, under the same ids: nothing was written again. */
  readonly written: boolean
}

export interface ReadStream {
  /** Default `forward`. */
  readonly direction?: 'forward' | 'backward' | undefined
  /** The first version that is read; default the first forward, the last backward. */
  readonly from?: number | undefined
  /** Records read at most. */
  readonly limit: number
}

/** What is saved of a stream's state, to spare reading all of its events. */
export interface StoredSnapshot {
  /** The stream version whose state it is. */
  readonly version: number
  /** JSON of the state. */
  readonly state: string
}

/** A stream as `list` gives it. */
export interface StreamSummary {
  readonly stream: StreamId
  readonly version: number
  /** When its last event was appended, by the store's clock, in ms since the Unix epoch. */
  readonly appendedAt: number
}

/**
 * The events of aggregates. Every method that writes fulfils when the write is durable. Methods may be called at the same
 * time; each is atomic.
 */
export interface StreamStore<T extends CallerTransaction = CallerTransaction> {
  /**
   * Appends all events or none, each at the next version. Events whose ids are all there already, in this stream and in
   * this order, are as if appended now (`written: false`), whatever is expected.
   * @throws `expected_version` (an `ExpectedVersionError` with both versions) when the stream is not at what is expected;
   * `event_duplicate` when only some of the ids are there, or in another stream.
   */
  append(stream: StreamId, events: readonly StreamEvent[], options: AppendOptions<T>): Promise<Appended>
  /** The records of one stream; empty for a stream that is not there. */
  read(stream: StreamId, options: ReadStream): Promise<readonly StreamRecord[]>
  /** The records of all streams, or those of some names, after a position, in an order that never changes: that of commits. */
  readAll(options: {
    readonly after: string | undefined
    readonly names?: readonly string[] | undefined
    readonly limit: number
  }): Promise<readonly StreamRecord[]>
  /** How many records `readAll` has after a position. */
  countAll(options: {
    readonly after: string | undefined
    readonly names?: readonly string[] | undefined
  }): Promise<number>
  /** The record of an event, in whatever stream it is; undefined for an id that no event has. */
  find(eventId: string): Promise<StreamRecord | undefined>
  /** Deletes what lies before a version, and never the last event. Returns how many. */
  truncate(stream: StreamId, before: number): Promise<number>
  /** Streams of a name in the order of their ids, after an id. */
  list(
    name: string,
    options: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly StreamSummary[]>
  /** The newest snapshot under a key, which names whose state it is and how that is made; undefined for none. */
  loadSnapshot(stream: StreamId, key: string): Promise<StoredSnapshot | undefined>
  /**
   * Replaces an older snapshot under this key. Of other keys the newest `limits.streamSnapshots - 1` are kept: builds that run
   * side by side keep theirs, and those of builds that are gone go.
   */
  saveSnapshot(stream: StreamId, key: string, snapshot: StoredSnapshot): Promise<void>
  /** Calls back when something may have been appended, by any process; what that throws is a warning. Returns how to stop. */
  watch(changed: () => void): () => void
  close(): Promise<void>
}
