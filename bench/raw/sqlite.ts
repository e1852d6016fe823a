/**
 * The yardstick of the SQLite log: what bare `node:sqlite` does with the records that Tidings wrote, in a table of the
 * same definition, at the same durability, with nothing above it: prepared statements, one row an event, one transaction
 * a batch. Reading the source, opening and closing the file (closing checkpoints it) are outside the clock.
 */
import { DatabaseSync } from 'node:sqlite'
import type { Rate } from '../sqlite/publish.ts'

const readPageRows = 512
const offsetsPerSlot = 2 ** 40

type Row = readonly [id: number, appendedAt: number, checksum: number, body: string]

export interface RawWriteOptions {
  /** A file of Tidings: its record table is copied, in the order of publishing. */
  readonly source: string
  readonly file: string
  readonly batch: number
  /** Rows written before the clock starts. */
  readonly warmUp: number
}

export function rawWrite({ source, file, batch, warmUp }: RawWriteOptions): Rate {
  const { table, rows } = recordsOf(source)
  using database = open(file)
  database.exec(table)
  const begin = database.prepare('BEGIN IMMEDIATE')
  const insert = database.prepare(
    'INSERT INTO tidings_record (id, appended_at, checksum, body) VALUES (?, ?, ?, ?)',
  )
  const commit = database.prepare('COMMIT')

  let startedMs = performance.now()
  for (let first = 0; first < rows.length; first += batch) {
    if (first === warmUp) startedMs = performance.now()
    begin.run()
    for (const [id, appendedAt, checksum, body] of rows.slice(first, first + batch)) {
      insert.run(id, appendedAt, checksum, body)
    }
    commit.run()
  }
  return { perSecond: ((rows.length - warmUp) / (performance.now() - startedMs)) * 1_000 }
}

export interface RawReadOptions {
  readonly file: string
  readonly warmUps: number
  readonly passes: number
}

/** Reads and parses every record, partition by partition; the checksum is read and not verified. */
export function rawRead({ file, warmUps, passes }: RawReadOptions): Rate {
  using database = open(file)
  for (let pass = 0; pass < warmUps; pass++) readAll(database)
  const startedMs = performance.now()
  let rows = 0
  for (let pass = 0; pass < passes; pass++) rows += readAll(database)
  return { perSecond: (rows / (performance.now() - startedMs)) * 1_000 }
}

function readAll(database: DatabaseSync): number {
  const page = arrays<Row>(
    database,
    `SELECT id, appended_at, checksum, body FROM tidings_record WHERE id >= ? AND id < ? ORDER BY id LIMIT ${readPageRows}`,
  )
  const slots = arrays<[number]>(database, 'SELECT slot FROM tidings_partition')()
  let count = 0
  for (const [slot] of slots) {
    const end = (slot + 1) * offsetsPerSlot
    let next = slot * offsetsPerSlot
    while (next < end) {
      const rows = page(next, end)
      for (const [, , , body] of rows) JSON.parse(body)
      const last = rows.at(-1)
      next = last === undefined || rows.length < readPageRows ? end : last[0] + 1
      count += rows.length
    }
  }
  return count
}

function recordsOf(source: string): { readonly table: string; readonly rows: readonly Row[] } {
  using database = open(source)
  const [[table] = ['']] = arrays<[string]>(
    database,
    "SELECT sql FROM sqlite_schema WHERE name = 'tidings_record'",
  )()
  const rows = arrays<Row>(
    database,
    "SELECT id, appended_at, checksum, body FROM tidings_record ORDER BY json_extract(body, '$.data.number')",
  )()
  return { table, rows }
}

function arrays<Values>(database: DatabaseSync, sql: string): (...parameters: number[]) => Values[] {
  const statement = database.prepare(sql)
  statement.setReturnArrays(true)
  // node:sqlite types rows as objects even when it returns arrays.
  return (...parameters) => statement.all(...parameters) as unknown as Values[]
}

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  return database
}
