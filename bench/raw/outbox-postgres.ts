/**
 * The yardsticks of the PostgreSQL outbox: a bare insert of the bytes of an event into the same table, and a loop that
 * moves rows from there into a SQLite file, in batches.
 */
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { RelayOptions } from '../outbox/relay.ts'
import type { Rate } from '../sqlite/publish.ts'
import type { order } from '../sqlite/shop.ts'
import { bodyOf } from './outbox-sqlite.ts'

const addedAt = 1_700_000_000_000

/** Inserts an event as text of the same length that Tidings makes; the id and the time are made beforehand. */
export function rawInsert(
  schema: string,
): (client: pg.ClientBase, data: ReturnType<typeof order>) => Promise<unknown> {
  const text = `INSERT INTO ${schema}.outbox (topic, partition, body, not_before, added_at) VALUES ($1, $2, $3, $4, $5)`
  return (client, data) => client.query(text, ['orders', data.number % 8, bodyOf(data), null, addedAt])
}

interface Row {
  readonly position: string
  readonly body: string
}

/** Moves all rows: read a batch, insert it into the log, commit, delete it from the outbox. */
export async function rawRelay({ url = '', schema = '', logFile, batch }: RelayOptions): Promise<Rate> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const log = new DatabaseSync(logFile)
  log.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  log.exec(
    'CREATE TABLE raw_record (id INTEGER PRIMARY KEY, appended_at INTEGER NOT NULL, checksum INTEGER NOT NULL, body TEXT NOT NULL) STRICT',
  )
  const insert = log.prepare('INSERT INTO raw_record (appended_at, checksum, body) VALUES (?, ?, ?)')
  const select = `SELECT position, topic, partition, not_before, body FROM ${schema}_tidings.outbox ORDER BY position LIMIT $1`
  const remove = `DELETE FROM ${schema}_tidings.outbox WHERE position = ANY ($1::bigint[])`
  let moved = 0
  const startedMs = performance.now()
  for (;;) {
    const { rows } = await client.query<Row>(select, [batch])
    if (rows.length === 0) break
    log.exec('BEGIN IMMEDIATE')
    for (const { body } of rows) insert.run(addedAt, 0, body)
    log.exec('COMMIT')
    await client.query(remove, [rows.map(({ position }) => position)])
    moved += rows.length
  }
  const perSecond = (moved / (performance.now() - startedMs)) * 1_000
  await client.end()
  log.close()
  return { perSecond }
}
