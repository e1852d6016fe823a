/** Every default and every bound of Tidings, in one place. Lengths in bytes are of UTF-8. */

export const limits = {
  /** An event as structured JSON. */
  eventBytes: 1_048_576,
  /** How deep arrays and objects may nest in an event. */
  jsonDepth: 64,
  /** A partition key. */
  keyBytes: 512,
  /** The name of a topic, group, namespace or member. */
  nameLength: 128,
  /** Partitions of one topic; and of all topics of one SQLite file together. */
  partitionsPerTopic: 1_024,
  partitionsPerFile: 8_192,
  defaultPartitions: 8,
  /** The finished ranges, attempts and begun offset that go with a commit. */
  commitStateBytes: 4_096,
  /** Events of one `publishAll`. */
  publishBatch: 10_000,
  /** Publishes that wait for their commit: over either bound a publish is refused with `publish_overloaded`. */
  publishPendingRecords: 100_000,
  publishPendingBytes: 268_435_456,
  /** One write transaction of SQLite that several publishes share. */
  groupCommitRecords: 4_096,
  groupCommitBytes: 8_388_608,
  /** A log of SQLite larger than this is checkpointed and cut after a commit. */
  walBytes: 67_108_864,
  /** How long a write waits for other processes on the same SQLite file. */
  busyMs: 10_000,
  busyRetryMs: 1,
  /** How often a SQLite file is looked at for commits of other processes. */
  pollMs: 20,
  /** Text kept of an error: its message and stack, in characters. */
  errorLength: 8_192,
} as const

/** What a group does unless it says otherwise. */
export const groupDefaults = {
  /** Attempts before an event becomes a dead letter, and the waits between them. */
  attempts: 5,
  firstBackoffMs: 1_000,
  longestBackoffMs: 60_000,
  /** How long a handler may run. */
  handlerTimeoutMs: 30_000,
  /** Handlers at work at the same time in one member: as many keys. */
  concurrency: 64,
  /** Deliveries held in memory by one member: handlers at work and events waiting for their key. */
  inFlightEvents: 4_096,
  inFlightBytes: 33_554_432,
  /** One read from the engine. */
  fetchEvents: 512,
  fetchBytes: 4_194_304,
  /** How far a partition runs ahead of its lowest unfinished event. */
  maxAhead: 10_000,
  /** The longest time finished events wait for their commit. */
  commitEveryMs: 20,
  /** How long `close` waits for handlers at work. */
  drainMs: 10_000,
  /** A member that did not renew its lease for this long has lost its partitions. */
  sessionTimeoutMs: 10_000,
  heartbeatEveryMs: 3_000,
  /** How long the inbox remembers what was handled. */
  inboxAgeMs: 604_800_000,
} as const
