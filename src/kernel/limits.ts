/** Every default and every bound of Tidings, in one place. Lengths in bytes are of UTF-8. */

export const limits = {
  /** An event as structured JSON. */
  eventBytes: 1_048_576,
  /** How deep arrays and objects may nest in an event. */
  jsonDepth: 64,
  /** Several events as one JSON array; their count is bounded by `publishBatch`. */
  eventBatchBytes: 16_777_216,
  /** Faults listed of one event that is refused. */
  eventIssues: 20,
  /** The trace context of an event or a request, in characters: what is longer counts as absent. */
  traceparentLength: 256,
  tracestateLength: 512,
  tracestateMembers: 32,
  /** How old an event may be for its handlers to belong to the trace that it was made in. */
  traceContinuedMs: 3_600_000,
  /** Links of one span: of more, those of the first are kept. */
  spanLinks: 128,
  /** Headers of a binding of which is remembered what attribute they stand for. */
  headerNames: 256,
  /** The type of an event that is defined here, in characters. */
  typeLength: 256,
  /** A JSON Schema as JSON, and how deep it may nest. */
  schemaBytes: 1_048_576,
  schemaDepth: 256,
  /** One request to a registry, how often it is tried, and the waits between. */
  registryTimeoutMs: 5_000,
  registryAttempts: 4,
  registryFirstBackoffMs: 100,
  registryLongestBackoffMs: 2_000,
  /** The longest wait that a registry may ask for with Retry-After. */
  registryRetryAfterMs: 10_000,
  /** One answer of a registry. */
  registryAnswerBytes: 4_194_304,
  /** How long AWS Glue may look at a version that it has taken. */
  glueAvailableMs: 30_000,
  /** Answers of a registry that never change: kept in memory, and as files. */
  registryCacheEntries: 1_024,
  registryCacheFiles: 4_096,
  /** Requests to a registry at the same time, and the versions of one event that are read there. */
  registryRequests: 8,
  schemaVersions: 1_000,
  /** Warnings about engines that are remembered, so that each is given once. */
  warningsKept: 100,
  /** Events of one topic, and dead letters of it, that are looked at for versions that the code has no longer. */
  coverageEvents: 100_000,
  coverageDeadLetters: 10_000,
  /** What is read of them at once. */
  coveragePage: 1_000,
  coverageBytes: 8_388_608,
  /** The name of a schema subject, in characters. */
  schemaSubjectLength: 256,
  /** Schemas that one refers to, those that they refer to included. */
  schemaReferences: 100,
  /** How often a registration begins anew because another process has changed the schema subject meanwhile. */
  schemaRegisterAttempts: 100,
  /** Versions of a schema subject that a registry reads at once. */
  schemaHistoryPage: 100,
  /** Reasons given why two versions are not compatible. */
  schemaReasons: 100,
  /**
   * Checking an upload to the registry server: up to how many characters of all schemas that belong to it it is done at
   * once, and else in a thread: how long that may take, how much memory, and how many wait for it.
   */
  schemaCheckedAtOnce: 4_096,
  schemaCheckMs: 4_000,
  schemaCheckMegabytes: 512,
  schemaChecksWaiting: 64,
  /** A request to the registry server: a schema of `schemaBytes` as a string in JSON, with what belongs to it. */
  registryBodyBytes: 4_194_304,
  /** What the registry server lists at most of one thing, and unless told otherwise. */
  registryPage: 100_000,
  registrySchemas: 1_000,
  /** What a member has for the journal is sent so often, or when there is so much; after a failure it is tried again. */
  journalEveryMs: 1_000,
  journalEntries: 1_000,
  journalBytes: 900_000,
  journalRetryMs: 5_000,
  /** How long a member that stops waits for a journal that does not answer. */
  journalCloseMs: 2_000,
  /** Entries that wait for a journal that does not answer; the first line of an error in one, in characters. */
  journalPending: 100_000,
  journalMessageLength: 200,
  /** How often a member says where it stands. */
  journalHealthMs: 5_000,
  /** What is read of a journal at once, and kept of it in a view: deliveries, kinds of errors, members. */
  journalReadEvents: 100,
  journalReadBytes: 8_388_608,
  journalViewEntries: 200_000,
  journalErrors: 1_000,
  journalMembers: 10_000,
  /** What a view answers at most, unless told otherwise. */
  journalPage: 1_000,
  /** Compiled schemas that are kept to be used again for the same content. */
  compiledSchemas: 1_024,
  /** Two versions of a schema compared: steps, and comparisons inside each other, as references lead to them. */
  compatibilityWork: 100_000,
  compatibilityDepth: 256,
  /** What is listed as wrong with the data of one event. */
  dataIssues: 1_000,
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
  /** To what SQLite cuts its `-wal` file back once that is checkpointed; while a reader holds it, it may be larger. */
  walBytes: 67_108_864,
  /** How long a write waits for other processes on the same SQLite file. */
  busyMs: 5_000,
  busyRetryMs: 1,
  /** Connections of one pool to PostgreSQL, and how long one may take to open. */
  postgresConnections: 10,
  postgresConnectMs: 10_000,
  /** How often PostgreSQL is looked at for what nobody notifies, and for what a notification may have been missed of. */
  postgresPollMs: 20,
  postgresLookMs: 1_000,
  /** How long a notification to oneself may take, and how soon a lost session is opened again. */
  postgresProbeMs: 2_000,
  postgresRetryMs: 500,
  /** Appends to streams that share a transaction of PostgreSQL, and such transactions of a store at a time. */
  postgresAppends: 128,
  postgresAppending: 2,
  /** Questions of one kind that share a statement of PostgreSQL, and such statements of a store at a time. */
  postgresQuestions: 256,
  postgresLookups: 2,
  /** How old and how large a table of records grows before the next is begun, and how many there are at most. */
  postgresSegmentMs: 86_400_000,
  postgresSegmentBytes: 1_073_741_824,
  postgresSegments: 64,
  /** Between two heartbeats, however soon another member's lease ends. */
  leastBeatMs: 5,
  /** After the engine did not answer, when it is asked again for records, and for delayed events. */
  readRetryMs: 100,
  dueRetryMs: 100,
  /** What a relay publishes at once. */
  relayEvents: 1_000,
  relayBytes: 8_388_608,
  /** A relay that has not renewed its right for this long has lost it to whoever asks next. */
  relayLeaseMs: 10_000,
  /** How often a relay looks where nothing wakes it. */
  relayPollMs: 1_000,
  /** Its waits after the engine or the outbox did not answer. */
  relayFirstBackoffMs: 100,
  relayLongestBackoffMs: 30_000,
  /** How long it goes on publishing what is pending when it is to stop. */
  relayDrainMs: 10_000,
  /** How often retention is applied. */
  retentionEveryMs: 60_000,
  /** How often a SQLite file is looked at for commits of other processes. */
  pollMs: 20,
  /** Processes that one wakes after its commits, the others poll; and how often it looks for new ones. */
  wakeSockets: 64,
  wakeLookMs: 100,
  /** The id of a stream, in characters; events of one append to it, and what is read of it at once. */
  streamIdLength: 256,
  streamAppendEvents: 1_000,
  streamPage: 1_000,
  /** Snapshots of one stream, each under a key of its own: of builds that run side by side. */
  streamSnapshots: 4,
  /** How often a command is decided anew because others appended to its stream meanwhile, and the waits between. */
  executeAttempts: 256,
  executeFirstBackoffMs: 1,
  executeLongestBackoffMs: 32,
  /** Commands that wait for their turn at one stream, in one process. */
  executeWaiting: 10_000,
  /** One request to a Kafka broker, and those on their way to one broker. */
  kafkaRequestTimeoutMs: 10_000,
  kafkaRequests: 64,
  /** How long Kafka is asked again while it does not answer, and the waits between. */
  kafkaPatienceMs: 10_000,
  kafkaFirstBackoffMs: 20,
  kafkaLongestBackoffMs: 1_000,
  /** How long a publish waits for a Kafka broker before it fails. */
  kafkaDeliveryMs: 30_000,
  /** Records of one partition in one request, about; a single larger one goes alone. */
  kafkaBatchBytes: 1_000_000,
  /** What a record takes beside its event, at most; and one entry of a topic of dead letters. */
  kafkaOverheadBytes: 65_536,
  kafkaEntryBytes: 4_194_304,
  /** How long a Kafka broker waits for new records, and how much is read at once of a topic of our own. */
  kafkaFetchWaitMs: 500,
  kafkaFetchBytes: 4_194_304,
  /** What a member has a Kafka broker send at once, and of one partition at least. */
  kafkaAnswerBytes: 1_048_576,
  kafkaShareBytes: 65_536,
  /** How long a broker waits at first while there are records to work on: twice as long each time that it has none. */
  kafkaFirstWaitMs: 5,
  /** The session that a member of a Kafka group has where the brokers allow none as short as it asks for. */
  kafkaLeastSessionMs: 6_000,
  /** How long a member of a Kafka group may take to let go of a partition. */
  kafkaRebalanceMs: 300_000,
  /** How often Kafka is looked at for what other processes have changed. */
  kafkaLookMs: 500,
  /** Names of headers that are kept as bytes; headers of a record that are remembered as text, and how long each may be. */
  kafkaHeaderNames: 256,
  kafkaHeaderBytes: 256,
  /** Events that a projection takes in with one transaction, and the wait after it has failed. */
  projectionBatch: 500,
  projectionRetryMs: 1_000,
  /** Connecting to RabbitMQ; a silent connection, in s, after which each side takes the other for lost. */
  rabbitmqConnectMs: 10_000,
  rabbitmqHeartbeatSeconds: 20,
  /** How long is waited for RabbitMQ while it does not answer, and between attempts to connect again. */
  rabbitmqPatienceMs: 10_000,
  rabbitmqFirstBackoffMs: 50,
  rabbitmqLongestBackoffMs: 2_000,
  /** How long a publish waits for the confirm of RabbitMQ before it fails. */
  rabbitmqDeliveryMs: 30_000,
  /** Events of one partition that RabbitMQ delivers ahead of their acknowledgement; of a stream, those read ahead. */
  rabbitmqPrefetch: 512,
  rabbitmqStreamPrefetch: 1_000,
  /** Within what RabbitMQ wants an acknowledgement, unless it was set otherwise there. */
  rabbitmqConsumerTimeoutMs: 1_800_000,
  /** The attributes of an event as headers: with them they fit into one frame. */
  rabbitmqHeaderBytes: 65_536,
  /** What the stream of topics and groups holds, and in which parts it forgets; after how many entries all is written again. */
  rabbitmqTopologyBytes: 33_554_432,
  rabbitmqSegmentBytes: 4_194_304,
  rabbitmqSnapshotEntries: 2_000,
  /** How often members report what they have in flight, and how old the view of topics and groups may be that is shown. */
  rabbitmqReportMs: 500,
  /** How long RabbitMQ may take to begin to deliver from a queue before that is tried again. */
  rabbitmqConsumeMs: 5_000,
  /** How often a member looks whether its queues still have it as their consumer. */
  rabbitmqLookMs: 5_000,
  /** The same, and for how long, when queues were declared again that somebody had deleted. */
  rabbitmqDoubtLookMs: 2_000,
  rabbitmqDoubtMs: 10_000,
  rabbitmqViewMs: 1_000,
  /** One write to the stream of dead letters, about; what the stream holds; how many old ones are written once more with each new one. */
  rabbitmqEntryBytes: 4_194_304,
  rabbitmqKeptAtOnce: 16,
  rabbitmqDeadLetterBytes: 1_073_741_824,
  /** Connecting to AWS, one request, how long it is asked again while it does not answer, and the waits between. */
  eventbridgeConnectMs: 5_000,
  eventbridgeRequestMs: 30_000,
  eventbridgePatienceMs: 10_000,
  eventbridgeFirstBackoffMs: 50,
  eventbridgeLongestBackoffMs: 2_000,
  /** What EventBridge takes with one request, and requests with events at the same time. */
  eventbridgeRequestEntries: 10,
  eventbridgeRequestBytes: 262_144,
  eventbridgeRequests: 16,
  /** How long a publish waits for EventBridge before it fails. */
  eventbridgeDeliveryMs: 30_000,
  /** What SQS takes or gives with one request, and requests for events of one topic at the same time. */
  sqsRequestEntries: 10,
  sqsReceives: 4,
  /** How long SQS waits for events, and keeps one for the member that has it; that may be prolonged up to 12 hours. */
  sqsWaitMs: 20_000,
  sqsVisibilityMs: 30_000,
  sqsHandleMs: 43_200_000,
  /** How long SQS keeps events at most, and at least. */
  sqsRetentionMs: 1_209_600_000,
  sqsLeastRetentionMs: 60_000,
  /** Events of one topic that a member of a group on EventBridge has in hand. */
  sqsPrefetch: 512,
  /** Events that a member has in hand after others had them and did not finish: one of them may be what ends processes. */
  sqsSuspects: 10,
  /** How long a queue is asked for again that somebody has just deleted or emptied. */
  sqsDeletedMs: 90_000,
  /** How often a member looks at the rules of its group, and how old the view of them may be that is shown. */
  eventbridgeLookMs: 10_000,
  eventbridgeViewMs: 1_000,
  /** What a rule says of itself, in characters. */
  eventbridgeDescriptionLength: 512,
  /** What a dead letter in an SQS queue keeps of the error. */
  sqsReasonLength: 1_024,
  /** Dead letters that a list has unless told otherwise. */
  deadLetterPage: 100,
  /** Text kept of an error: its message and stack, in characters. */
  errorLength: 8_192,
  /** The command line: lines of a file published at the same time, and how much of the file is read at once. */
  cliPublishLines: 1_000,
  cliFileBytes: 1_048_576,
  /** What it holds of all partitions of a topic while it reads them, and how much of one in one read. */
  cliReadBytes: 33_554_432,
  cliReadEvents: 1_000,
  /** Dead letters that it changes in one write. */
  cliWritten: 500,
  /** The last events of a topic that it looks up. */
  cliLastEvents: 10_000,
  /** Refused lines in its JSON, and the dead letters it lists unless told otherwise. */
  cliListed: 100,
  /** What git ignores and is linked beside the files of a git ref. */
  cliLinkedPaths: 1_000,
  /** Causes of dead letters that it tells from each other. */
  cliCauses: 10_000,
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
  /** Events of one batch for `onBatch`, and how long its first event waits for others. */
  batchEvents: 500,
  batchWaitMs: 50,
  longestBatchWaitMs: 60_000,
  /** One read from the engine. */
  fetchEvents: 64,
  fetchBytes: 4_194_304,
  /** How far a partition runs ahead of its lowest unfinished event. */
  maxAhead: 10_000,
  /** Events of one partition kept by the dead-letter store and still to be delivered; over it the partition pauses. */
  keptEvents: 100_000,
  /** How far beyond what was read a commit says that events may be in hand: the more, the more were read since the last. */
  leastBegunAhead: 32,
  mostBegunAhead: 4_096,
  /** Events handed to the dead-letter store in one write. */
  setAsideBatch: 500,
  /** How often an owner looks for dead letters whose redrive was requested, after something has changed. */
  redriveLookMs: 100,
  /** The wait after a dead letter could not be written, and before an event newer than this program is tried again. */
  storeRetryMs: 1_000,
  newerRetryMs: 60_000,
  /** The waits of an event whose inbox or engine cannot be used; its attempts do not count meanwhile. */
  outageFirstBackoffMs: 1_000,
  outageLongestBackoffMs: 30_000,
  /** The longest time finished events wait for their commit. */
  commitEveryMs: 20,
  /** How long `close` waits for handlers at work. */
  drainMs: 10_000,
  /** A member that did not renew its lease for this long has lost its partitions. */
  sessionTimeoutMs: 10_000,
  heartbeatEveryMs: 3_000,
  /**
   * How long a handler may block the event loop before its process counts as hung, and loses its partitions a session
   * timeout later: twice the time that a handler may run.
   */
  blockedMs: 60_000,
  /** How long the inbox remembers what was handled. */
  inboxAgeMs: 604_800_000,
  inboxPruneEveryMs: 3_600_000,
} as const
