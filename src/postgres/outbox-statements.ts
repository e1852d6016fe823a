import { eraStatements } from './era.ts'
import { horizonOf } from './horizon.ts'
import { time } from './sql.ts'

/** The statements of the outbox; docs/decisions/ has a page on the order in which records are claimed. */
export function outboxStatements(schema: string): {
  add(count: number, own: { readonly time: boolean }): string
  readonly isOurs: string
  readonly beginEra: string
  readonly lead: string
  readonly resign: string
  readonly term: string
  readonly horizon: string
  readonly claim: string
  readonly settle: string
  readonly refuse: string
  readonly refused: string
  readonly restore: string
  readonly figures: string
  readonly pending: string
} {
  const era = eraStatements(schema)
  const columns = 'position, topic, partition, not_before, body'
  // Whoever takes the right over waits for what is being written under it.
  const held = `held AS MATERIALIZED (SELECT 1 FROM ${schema}.relay WHERE relay = $1 AND term = $2 FOR SHARE)`
  // `refusal IS NULL`, said so that a planner without statistics takes nearly all rows for pending, and reads them by the
  // index: else it would read and sort the whole table for every batch.
  const isPending = 'nullif(refusal IS NULL, false) IS NOT NULL'
  const wasHeld = 'SELECT EXISTS (SELECT FROM held) AS held'
  return {
    // Scalars only: not every query builder hands arrays on.
    add(count, own) {
      const width = own.time ? 5 : 4
      const rows = Array.from({ length: count }, (_, row) => {
        const values = Array.from({ length: width }, (__, column) => `$${row * width + column + 1}`)
        return `(${values.join(', ')})`
      })
      return `INSERT INTO ${schema}.outbox (topic, partition, body, not_before${own.time ? ', added_at' : ''})
        VALUES ${rows.join(', ')}`
    },
    isOurs: `SELECT 1 FROM ${schema}.format WHERE identity = $1::uuid`,
    beginEra: era.begin,
    lead: `INSERT INTO ${schema}.relay AS r (relay, term, lease_until, locked)
      VALUES ($1, 1, ${time('$4')} + $2::bigint, $3::boolean)
      ON CONFLICT (id) DO UPDATE SET relay = excluded.relay, lease_until = excluded.lease_until, locked = excluded.locked,
        term = CASE WHEN r.relay = excluded.relay THEN r.term ELSE r.term + 1 END
      WHERE r.relay = excluded.relay OR r.lease_until <= ${time('$4')} OR (r.locked AND excluded.locked)
      RETURNING term`,
    // Nobody is called so: the next term is another one, also of the same relay.
    resign: `UPDATE ${schema}.relay SET relay = '', lease_until = 0, locked = false WHERE relay = $1 AND term = $2`,
    term: `SELECT relay, term FROM ${schema}.relay`,
    horizon: horizonOf(`${schema}.outbox`),
    // Below the horizon: of an earlier era is what a restored dump has brought, and all of that has committed.
    claim: `WITH oldest AS MATERIALIZED (
        SELECT ${columns}, (era, xid) < (${era.current}, $5::xid8) AS decided
        FROM ${schema}.outbox
        WHERE ${isPending} AND EXISTS (SELECT FROM ${schema}.relay WHERE relay = $1 AND term = $2)
        ORDER BY position LIMIT $3
      ), summed AS (
        SELECT *, bool_and(decided) OVER places AS claimed, row_number() OVER places AS place,
          sum(octet_length(body)) OVER places AS bytes
        FROM oldest WINDOW places AS (ORDER BY position)
      )
      SELECT ${columns} FROM summed WHERE claimed AND (bytes <= $4 OR place = 1) ORDER BY position`,
    settle: `WITH ${held}, gone AS (
        DELETE FROM ${schema}.outbox WHERE position = ANY ($3::bigint[]) AND refusal IS NULL AND EXISTS (SELECT FROM held)
      ) ${wasHeld}`,
    refuse: `WITH ${held}, refused AS (
        UPDATE ${schema}.outbox o SET refusal = r.reason FROM unnest($3::bigint[], $4::text[]) r (position, reason)
        WHERE o.position = r.position AND o.refusal IS NULL AND EXISTS (SELECT FROM held)
      ) ${wasHeld}`,
    refused: `SELECT ${columns}, refusal FROM ${schema}.outbox WHERE refusal IS NOT NULL ORDER BY position LIMIT $1`,
    restore: `WITH refused AS (
        DELETE FROM ${schema}.outbox WHERE refusal IS NOT NULL RETURNING ${columns}, added_at
      ), restored AS (
        INSERT INTO ${schema}.outbox (topic, partition, not_before, body, added_at)
        SELECT topic, partition, not_before, body, added_at FROM refused ORDER BY position RETURNING 1
      ) SELECT count(*) AS restored FROM restored`,
    figures: `SELECT count(*) FILTER (WHERE refusal IS NULL) AS pending, count(refusal) AS refused,
      ${time('$1')} - min(added_at) FILTER (WHERE refusal IS NULL) AS oldest_age FROM ${schema}.outbox`,
    pending: `SELECT 1 FROM ${schema}.outbox WHERE ${isPending} ORDER BY position LIMIT 1`,
  }
}
