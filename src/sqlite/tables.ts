/**
 * Our tables in a SQLite file, which may hold the caller's own beside them.
 * A record's rowid is its partition's slot × 2^40 + its offset: dense in a partition, no second index.
 */
export const formatVersion = 2

const logTables = `
CREATE TABLE tidings_topic (
  name TEXT PRIMARY KEY,
  partitions INTEGER NOT NULL,
  retention_age_ms INTEGER,
  retention_bytes INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE tidings_partition (
  slot INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  begin_offset INTEGER NOT NULL DEFAULT 0,
  end_offset INTEGER NOT NULL DEFAULT 0,
  appended_at INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  UNIQUE (topic, partition)
) STRICT;

CREATE TABLE tidings_record (
  id INTEGER PRIMARY KEY,
  appended_at INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE tidings_delayed (
  id INTEGER PRIMARY KEY,
  not_before INTEGER NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX tidings_delayed_due ON tidings_delayed (not_before);

CREATE TABLE tidings_group (
  name TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  boot TEXT NOT NULL,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tidings_commit (
  group_name TEXT NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (group_name, topic, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE tidings_dead_letter (
  id TEXT PRIMARY KEY,
  group_name TEXT NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  state TEXT NOT NULL,
  event_key TEXT,
  attempts INTEGER NOT NULL,
  next_attempt_at INTEGER,
  discard_reason TEXT,
  entry TEXT NOT NULL,
  encoded TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tidings_dead_letter_open ON tidings_dead_letter (group_name, topic, partition, state);
`

const inboxTables = `
CREATE TABLE tidings_inbox (
  group_name TEXT NOT NULL,
  run_number INTEGER NOT NULL,
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  handled_at INTEGER NOT NULL,
  PRIMARY KEY (group_name, run_number, source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tidings_inbox_age ON tidings_inbox (group_name, handled_at);

CREATE TABLE tidings_fence (
  group_name TEXT NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  PRIMARY KEY (group_name, topic, partition)
) STRICT, WITHOUT ROWID;
`

/** A row of `tidings_schema_subject` without a name holds the settings of a whole context, and the last id given there. */
const schemaTables = `
CREATE TABLE tidings_schema_subject (
  context TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  config TEXT,
  mode TEXT,
  last_id INTEGER,
  PRIMARY KEY (context, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tidings_schema (
  context TEXT NOT NULL,
  id INTEGER NOT NULL,
  guid TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  definition TEXT NOT NULL,
  PRIMARY KEY (context, id)
) STRICT;
CREATE UNIQUE INDEX tidings_schema_guid ON tidings_schema (guid, context);
CREATE INDEX tidings_schema_fingerprint ON tidings_schema (context, fingerprint);

CREATE TABLE tidings_schema_version (
  context TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  id INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  PRIMARY KEY (context, name, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX tidings_schema_usage ON tidings_schema_version (context, id);

CREATE TABLE tidings_schema_reference (
  to_context TEXT NOT NULL,
  to_name TEXT NOT NULL,
  to_version INTEGER NOT NULL,
  context TEXT NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (to_context, to_name, to_version, context, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tidings_schema_referrer ON tidings_schema_reference (context, id);
`

/** Pending records by position, those that the engine refuses, and which relay has the right: one row. */
const outboxTables = `
CREATE TABLE tidings_outbox (
  position INTEGER PRIMARY KEY,
  added_at INTEGER NOT NULL,
  not_before INTEGER,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE tidings_outbox_refused (
  id INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  reason TEXT NOT NULL,
  not_before INTEGER,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE tidings_outbox_relay (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  term INTEGER NOT NULL,
  relay TEXT,
  boot TEXT NOT NULL,
  lease_ms INTEGER NOT NULL,
  lease_until_ms REAL NOT NULL
) STRICT;
`

/**
 * A position is never used again, also when the newest event is deleted: hence AUTOINCREMENT. Of a stream
 * there are a few snapshots, of builds that run side by side.
 */
const streamTables = `
CREATE TABLE tidings_stream (
  slot INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  appended_at INTEGER NOT NULL,
  UNIQUE (name, id)
) STRICT;

CREATE TABLE tidings_stream_event (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  slot INTEGER NOT NULL,
  version INTEGER NOT NULL,
  event_id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (slot, version)
) STRICT;

CREATE TABLE tidings_snapshot (
  slot INTEGER NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (slot, key)
) STRICT;
`

const projectionTables = `
CREATE TABLE tidings_checkpoint (
  projection TEXT NOT NULL,
  build INTEGER NOT NULL,
  state TEXT NOT NULL,
  position TEXT,
  PRIMARY KEY (projection, build),
  UNIQUE (projection, state)
) STRICT, WITHOUT ROWID;
`

/** What a file may hold of us, each with its own format version. */
export type Part = 'log' | 'inbox' | 'outbox' | 'projections' | 'schemas' | 'streams'

export const tables: Readonly<Record<Part, string>> = {
  log: logTables,
  inbox: inboxTables,
  outbox: outboxTables,
  projections: projectionTables,
  schemas: schemaTables,
  streams: streamTables,
}
