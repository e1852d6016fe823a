/**
 * The yardsticks of the SQLite outbox: a bare insert of the bytes of an event into the same table, and a loop that moves
 * rows from there into a table like that of the log, in batches, with a commit for each side.
 */
import { DatabaseSync } from 'node:sqlite'
import type { RelayOptions } from '../outbox/relay.ts'
import type { order } from '../sqlite/shop.ts'
import type { Rate } from '../sqlite/publish.ts'

/** The service's file, with its own table. */
export function openService(file: string): DatabaseSync {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec(
    'CREATE TABLE IF NOT EXISTS customer_order (id INTEGER PRIMARY KEY, total_cents INTEGER) STRICT',
  )
  return database
}

const addedAt = 1_700_000_000_000

/** Inserts an event as text of the same length that Tidings makes; the id and the time are made beforehand. */
export function rawInsert(database: DatabaseSync): (data: ReturnType<typeof order>) => void {
  const insert = database.prepare(
    'INSERT INTO tidings_outbox (added_at, not_before, topic, partition, body) VALUES (?, ?, ?, ?, ?)',
  )
  return (data) => insert.run(addedAt, null, 'orders', data.number % 8, bodyOf(data))
}

/** The bytes that Tidings writes for it. */
export function bodyOf(data: ReturnType<typeof order>): string {
  return `{"specversion":"1.0","id":"01890a5d-ac96-774b-bcce-b302099a8057","source":"/bench","type":"order.placed","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","dataschema":"tidings:schemas/order.placed/1","data":${JSON.stringify(data)},"subject":"${data.orderId}"}`
}

const logTable = `CREATE TABLE raw_record (
  id INTEGER PRIMARY KEY, appended_at INTEGER NOT NULL, checksum INTEGER NOT NULL, body TEXT NOT NULL
) STRICT`

/** Moves all rows: read a batch, insert it into the log, commit, delete it from the outbox, commit. */
export function rawRelay({ file, logFile, batch }: RelayOptions): Rate {
  const outbox = openService(file)
  const log = new DatabaseSync(logFile)
  log.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  log.exec(logTable)
  const read = outbox.prepare(
    'SELECT position, not_before, topic, partition, body FROM tidings_outbox ORDER BY position LIMIT ?',
  )
  read.setReturnArrays(true)
  const remove = outbox.prepare('DELETE FROM tidings_outbox WHERE position BETWEEN ? AND ?')
  const insert = log.prepare('INSERT INTO raw_record (appended_at, checksum, body) VALUES (?, ?, ?)')
  let moved = 0
  const startedMs = performance.now()
  for (;;) {
    const rows = read.all(batch) as unknown as readonly (readonly [number, null, string, number, string])[]
    if (rows.length === 0) break
    log.exec('BEGIN IMMEDIATE')
    for (const [, , , , body] of rows) insert.run(addedAt, 0, body)
    log.exec('COMMIT')
    outbox.exec('BEGIN IMMEDIATE')
    remove.run(rows[0]?.[0] ?? 0, rows.at(-1)?.[0] ?? 0)
    outbox.exec('COMMIT')
    moved += rows.length
  }
  const perSecond = (moved / (performance.now() - startedMs)) * 1_000
  outbox.close()
  log.close()
  return { perSecond }
}
