/**
 * SQL of the horizon of a table: all that transactions below it have written there is visible to every later statement, or
 * will never be. It is the xid of the oldest open transaction that has a lock for writing to the table, and no other open
 * transaction of the server counts; without one it is the next xid.
 *
 * To be run as a statement of its own, before the one that reads: a transaction that ends between both is visible then. The
 * lock is taken before a row is written and let go after the commit. One that has the lock and no xid yet may just be
 * getting one: then the oldest open transaction of all counts. A standby knows no locks of the primary: there, too.
 */
export function horizonOf(table: string): string {
  // pg_locks has 32 bits of an xid: those above are of the next xid, which is nearer than 2^31.
  return `WITH now AS MATERIALIZED (
      SELECT pg_snapshot_xmin(pg_current_snapshot()) AS oldest, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next
    ), locks AS MATERIALIZED (
      SELECT locktype, database, relation, mode, virtualtransaction, transactionid FROM pg_locks WHERE granted
    ), writers AS (
      SELECT (now.next - x.transactionid::text::bigint) & 4294967295 AS ago
      FROM now, locks w LEFT JOIN locks x ON x.virtualtransaction = w.virtualtransaction
        AND x.locktype = 'transactionid' AND x.mode = 'ExclusiveLock'
      WHERE w.locktype = 'relation' AND w.mode = 'RowExclusiveLock' AND w.relation = '${table}'::regclass
        AND w.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
    SELECT CASE WHEN pg_is_in_recovery() OR EXISTS (SELECT FROM writers WHERE ago IS NULL) THEN now.oldest::text
      ELSE (now.next - coalesce((SELECT max(ago) FROM writers WHERE ago < 2147483648), 0))::text END AS horizon
    FROM now`
}
