/** The statements of dead letters. */
export function deadLetterStatements(schema: string): {
  readonly owner: string
  readonly put: string
  readonly remove: string
  readonly handled: string
  readonly open: string
  readonly request: string
  readonly discard: string
  readonly get: string
  readonly list: string
  readonly count: string
} {
  const table = `${schema}.dead_letter`
  const columns =
    'id, group_name, topic, partition, record_offset, state, event_key, attempts, next_attempt_at, discard_reason, entry, encoded'
  const select = `SELECT state, event_key, attempts, next_attempt_at, discard_reason, entry, encoded FROM ${table}`
  const filter = `($1::text IS NULL OR group_name = $1) AND ($2::text IS NULL OR topic = $2)
    AND ($3::text[] IS NULL OR state = ANY ($3)) AND starts_with(group_name, $4)`
  const replaced = columns
    .split(', ')
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')
  return {
    owner: `SELECT generation FROM ${schema}.consumer_commit
      WHERE group_name = $1 AND topic = $2 AND partition = $3 FOR SHARE`,
    put: `INSERT INTO ${table} (${columns})
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::bigint[], $6::text[], $7::text[],
        $8::integer[], $9::bigint[], $10::text[], $11::text[], $12::text[])
      ON CONFLICT (id) DO UPDATE SET ${replaced}`,
    remove: `DELETE FROM ${table} WHERE id = $1 AND state IN ('set-aside', 'parked')`,
    handled: `UPDATE ${table} SET state = 'handled', next_attempt_at = NULL WHERE id = $1 AND state = 'requested'`,
    open: `SELECT id, record_offset, event_key, state, attempts, next_attempt_at FROM ${table}
      WHERE group_name = $1 AND topic = $2 AND partition = $3 AND state = ANY ($4::text[]) ORDER BY record_offset`,
    request: `UPDATE ${table} SET state = 'requested', attempts = 0, next_attempt_at = NULL
      WHERE id = ANY ($1::text[]) AND state = 'dead' RETURNING id`,
    discard: `UPDATE ${table} SET state = 'discarded', discard_reason = $2, next_attempt_at = NULL
      WHERE id = $1 AND state IN ('set-aside', 'dead', 'parked', 'requested') RETURNING 1`,
    get: `${select} WHERE id = $1`,
    list: `${select} WHERE ${filter} AND id > $5 ORDER BY id LIMIT $6`,
    count: `SELECT count(*) AS count FROM ${table} WHERE ${filter}`,
  }
}
