/**
 * The yardsticks of streams in SQLite: a loop that inserts rows of the same bytes into the same tables with the same indexes,
 * as many appends a commit as Tidings has in flight, and one that reads the rows of a stream and parses them.
 */
import { DatabaseSync } from 'node:sqlite'
import { line } from '../streams/cart.ts'
import { type AppendOptions, eventsPerAppend, inFlight, type LoadOptions } from '../streams/measure.ts'

const schema = `
CREATE TABLE IF NOT EXISTS tidings_stream (
  slot INTEGER PRIMARY KEY, name TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, appended_at INTEGER NOT NULL,
  UNIQUE (name, id)
) STRICT;
CREATE TABLE IF NOT EXISTS tidings_stream_event (
  position INTEGER PRIMARY KEY AUTOINCREMENT, slot INTEGER NOT NULL, version INTEGER NOT NULL,
  event_id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, time_ms INTEGER NOT NULL, checksum INTEGER NOT NULL,
  body TEXT NOT NULL, UNIQUE (slot, version)
) STRICT;`

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec(schema)
  return database
}

const nowMs = 1_767_225_600_000

/** An id of the same length that grows as a version 7 UUID does. */
const idOf = (number: number): string => `01890a5d-${number.toString(16).padStart(12, '0')}-7000-8000-0000000`

/** The bytes that Tidings writes for it. */
function bodyOf(number: number, stream: number, id: string, first: string): string {
  return `{"correlationid":"${first}","specversion":"1.0","source":"/bench","type":"cart.added","dataschema":"tidings:schemas/cart.added/1","id":"${id}","subject":"cart-${stream}","time":"2026-01-01T00:00:00.000Z","data":${JSON.stringify(line(number))}}`
}

export function rawAppend({ file, warmUp, appends }: AppendOptions): { perSecond: number } {
  const database = open(file)
  const head = database.prepare(
    'INSERT INTO tidings_stream (name, id, version, appended_at) VALUES (?, ?, ?, ?)',
  )
  const insert = database.prepare(
    'INSERT INTO tidings_stream_event (slot, version, event_id, type, time_ms, checksum, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const run = (from: number, to: number): void => {
    for (let first = from; first < to; first += inFlight) {
      database.exec('BEGIN IMMEDIATE')
      for (let stream = first; stream < first + inFlight; stream++) {
        const slot = Number(head.run('cart', `${stream}`, eventsPerAppend, nowMs).lastInsertRowid)
        const flow = idOf(stream * eventsPerAppend)
        for (let at = 0; at < eventsPerAppend; at++) {
          const id = idOf(stream * eventsPerAppend + at)
          insert.run(slot, at + 1, id, 'cart.added', nowMs, 0, bodyOf(stream + at, stream, id, flow))
        }
      }
      database.exec('COMMIT')
    }
  }
  run(0, warmUp)
  const startedMs = performance.now()
  run(warmUp, warmUp + appends)
  const perSecond = (appends / (performance.now() - startedMs)) * 1_000
  database.close()
  return { perSecond }
}

/** ms to read the rows of a stream that Tidings has written, and to parse them. */
export function rawLoad({ file, events, passes }: LoadOptions): { ms: number } {
  const database = open(file)
  const read = database.prepare(
    `SELECT body FROM tidings_stream_event
     WHERE slot = (SELECT slot FROM tidings_stream WHERE name = 'cart' AND id = '1') AND version >= 1 ORDER BY version`,
  )
  read.setReturnArrays(true)
  const pass = (): number => {
    let cents = 0
    for (const [body] of read.all() as unknown as readonly (readonly [string])[]) {
      const event = JSON.parse(body) as { readonly data: ReturnType<typeof line> }
      cents += event.data.cents
    }
    return cents
  }
  for (let warm = 0; warm < passes; warm++) pass()
  const startedMs = performance.now()
  for (let done = 0; done < passes; done++) pass()
  const ms = (performance.now() - startedMs) / passes
  const [count] = Object.values(
    database
      .prepare("SELECT count(*) FROM tidings_stream_event JOIN tidings_stream USING (slot) WHERE id = '1'")
      .get() ?? {},
  )
  database.close()
  if (count !== events) throw new Error(`${String(count)} events of ${events}`)
  return { ms }
}
