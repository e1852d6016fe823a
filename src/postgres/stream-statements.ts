import { limits } from '../kernel/index.ts'
import { eraStatements } from './era.ts'
import { horizonOf } from './horizon.ts'
import { time } from './sql.ts'

/** The statements of streams. */
export function streamStatements(schema: string): {
  readonly tryLock: string
  readonly lock: string
  readonly beginEra: string
  readonly find: string
  readonly write: string
  readonly readForward: string
  readonly readBackward: string
  readonly horizon: string
  readonly readAll: string
  readonly countAll: string
  readonly findEvents: string
  readonly truncate: string
  readonly list: string
  readonly loadSnapshots: string
  readonly saveSnapshot: string
} {
  const columns = 'era, xid::text AS xid, place, name, id, version, event_id, type, time_ms, body'
  const era = eraStatements(schema)
  const after = `(era, xid, place) > ($1, $2::xid8, $3)
    AND (era, xid) < (${era.current}, $4::xid8) AND ($5::text[] IS NULL OR name = ANY ($5))`
  return {
    tryLock: `SELECT pg_try_advisory_xact_lock(k.key) AS locked, ${era.isBegun} AS is_era_begun
      FROM unnest($1::bigint[]) WITH ORDINALITY k (key, place) ORDER BY k.place`,
    lock: `SELECT pg_advisory_xact_lock($1::bigint), true AS locked, ${era.isBegun} AS is_era_begun`,
    beginEra: era.begin,
    find: `SELECT s.name, s.id, s.version, NULL AS event_id
      FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) k (name, id)
      JOIN ${schema}.stream s ON s.name = k.name AND s.id = k.id
      UNION ALL SELECT name, id, version, event_id FROM ${schema}.stream_event WHERE event_id = ANY ($3::text[])`,
    write: `WITH added AS (
        INSERT INTO ${schema}.stream_event (era, name, id, version, event_id, type, time_ms, body)
        SELECT (SELECT number FROM ${schema}.era), e.name, e.id, e.version, e.event_id, e.type, e.time_ms, e.body
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[])
          WITH ORDINALITY e (name, id, version, event_id, type, time_ms, body, place) ORDER BY e.place
      )
      INSERT INTO ${schema}.stream (name, id, version, appended_at)
      SELECT s.name, s.id, s.version, ${time('$11')} FROM unnest($8::text[], $9::text[], $10::bigint[]) s (name, id, version)
      ON CONFLICT (name, id) DO UPDATE SET version = excluded.version, appended_at = excluded.appended_at`,
    readForward: `SELECT k.asked, e.*
      FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY k (name, id, first, most, asked)
      CROSS JOIN LATERAL (
        SELECT ${columns} FROM ${schema}.stream_event
        WHERE name = k.name AND id = k.id AND version >= k.first ORDER BY version LIMIT k.most
      ) e ORDER BY k.asked, e.version`,
    readBackward: `SELECT ${columns} FROM ${schema}.stream_event
      WHERE name = $1 AND id = $2 AND version <= $3 ORDER BY version DESC LIMIT $4`,
    horizon: horizonOf(`${schema}.stream_event`),
    readAll: `SELECT ${columns} FROM ${schema}.stream_event e WHERE ${after} ORDER BY e.era, e.xid, e.place LIMIT $6`,
    countAll: `SELECT count(*) AS count FROM ${schema}.stream_event WHERE ${after}`,
    findEvents: `SELECT ${columns} FROM ${schema}.stream_event WHERE event_id = ANY ($1::text[])`,
    truncate: `WITH old AS (
        SELECT e.version FROM ${schema}.stream_event e JOIN ${schema}.stream s ON s.name = e.name AND s.id = e.id
        WHERE e.name = $1 AND e.id = $2 AND e.version < least($3, s.version) ORDER BY e.version LIMIT $4
      ), gone AS (
        DELETE FROM ${schema}.stream_event WHERE name = $1 AND id = $2 AND version IN (SELECT version FROM old) RETURNING 1
      ) SELECT count(*) AS gone FROM gone`,
    list: `SELECT id, version, appended_at FROM ${schema}.stream WHERE name = $1 AND id > $2 ORDER BY id LIMIT $3`,
    loadSnapshots: `SELECT k.asked, s.version, s.state
      FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY k (name, id, key, asked)
      JOIN ${schema}.snapshot s ON s.name = k.name AND s.id = k.id AND s.key = k.key`,
    saveSnapshot: `WITH saved AS (
        INSERT INTO ${schema}.snapshot AS s (name, id, key, version, state) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name, id, key) DO UPDATE SET version = excluded.version, state = excluded.state
        WHERE s.version < excluded.version
      )
      DELETE FROM ${schema}.snapshot WHERE name = $1 AND id = $2 AND key IN (
        SELECT key FROM ${schema}.snapshot WHERE name = $1 AND id = $2 AND key <> $3
        ORDER BY version DESC OFFSET ${limits.streamSnapshots - 1}
      )`,
  }
}
