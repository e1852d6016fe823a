import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { TidingsError } from '../kernel/index.ts'
import {
  type Appended,
  appendedAlready,
  checkVersion,
  type ExpectedVersion,
  type StreamEvent,
  type StreamId,
  type StreamRecord,
  streamText,
} from '../streams/index.ts'
import { recordChecksum } from './checksum.ts'
import { resultCode, sqliteCode } from './errors.ts'
import { rows } from './topic-table.ts'

type HeadRow = readonly [slot: number, version: number]
type EventRow = readonly [
  position: number,
  version: number,
  id: string,
  type: string,
  timeMs: number,
  checksum: number,
  body: string,
]
type PlacedRow = readonly [...EventRow, name: string, streamId: string]

/** Events of streams, written under the lock of a transaction that is open. */
export class StreamTable {
  readonly #head: StatementSync
  readonly #create: StatementSync
  readonly #move: StatementSync
  readonly #insert: StatementSync
  readonly #forward: StatementSync
  readonly #backward: StatementSync
  readonly #all: StatementSync
  readonly #named: StatementSync
  readonly #count: StatementSync
  readonly #find: StatementSync
  readonly #cut: StatementSync

  constructor(database: DatabaseSync) {
    this.#head = rows(database, 'SELECT slot, version FROM tidings_stream WHERE name = ? AND id = ?')
    this.#create = database.prepare(
      'INSERT INTO tidings_stream (name, id, version, appended_at) VALUES (?, ?, ?, ?)',
    )
    this.#move = database.prepare('UPDATE tidings_stream SET version = ?, appended_at = ? WHERE slot = ?')
    this.#insert = database.prepare(
      `INSERT INTO tidings_stream_event (slot, version, event_id, type, time_ms, checksum, body)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    const columns = 'e.position, e.version, e.event_id, e.type, e.time_ms, e.checksum, e.body'
    const ofStream = `SELECT ${columns} FROM tidings_stream_event e
      WHERE e.slot = (SELECT slot FROM tidings_stream WHERE name = ? AND id = ?)`
    this.#forward = rows(database, `${ofStream} AND e.version >= ? ORDER BY e.version LIMIT ?`)
    this.#backward = rows(database, `${ofStream} AND e.version <= ? ORDER BY e.version DESC LIMIT ?`)
    const placed = `FROM tidings_stream_event e CROSS JOIN tidings_stream s ON s.slot = e.slot`
    const isNamed = 's.name IN (SELECT value FROM json_each(?))'
    this.#all = rows(
      database,
      `SELECT ${columns}, s.name, s.id ${placed} WHERE e.position > ? ORDER BY e.position LIMIT ?`,
    )
    this.#named = rows(
      database,
      `SELECT ${columns}, s.name, s.id ${placed} WHERE e.position > ? AND ${isNamed} ORDER BY e.position LIMIT ?`,
    )
    this.#count = rows(
      database,
      `SELECT count(*) ${placed} WHERE e.position > ?1 AND (?2 IS NULL OR s.name IN (SELECT value FROM json_each(?2)))`,
    )
    this.#find = rows(database, `SELECT ${columns}, s.name, s.id ${placed} WHERE e.event_id = ?`)
    this.#cut = database.prepare(
      `DELETE FROM tidings_stream_event WHERE position IN (
         SELECT position FROM tidings_stream_event WHERE slot = ? AND version < ? ORDER BY version LIMIT ?)`,
    )
  }

  /**
   * @throws `expected_version`, `event_duplicate`; the transaction, or the savepoint, is then to be rolled back.
   */
  append(
    stream: StreamId,
    events: readonly StreamEvent[],
    expected: ExpectedVersion,
    nowMs: number,
  ): Appended {
    const head = this.#head.get(stream.name, stream.id) as unknown as HeadRow | undefined
    const actual = head?.[1] ?? 0
    try {
      checkVersion(stream, expected, actual)
      if (events.length > 0) this.#write(stream, head, events, nowMs)
      return { version: actual + events.length, written: true }
    } catch (error) {
      // Ids are looked up only where something is wrong: most appends are new.
      const isConstraint = resultCode(error) === sqliteCode.constraint
      if (events.length === 0 || !(isConstraint || error instanceof TidingsError)) throw error
      const before = appendedAlready(stream, events, (id) => this.#placeOf(id, stream, actual))
      if (before === undefined) throw error
      return { version: before, written: false }
    }
  }

  read(stream: StreamId, direction: 'forward' | 'backward', from: number, limit: number): StreamRecord[] {
    const statement = direction === 'forward' ? this.#forward : this.#backward
    const found = statement.all(stream.name, stream.id, from, limit) as unknown as EventRow[]
    return found.map((row) => recordOf(stream, row))
  }

  readAll(after: number, names: readonly string[] | undefined, limit: number): StreamRecord[] {
    const found =
      names === undefined ? this.#all.all(after, limit) : this.#named.all(after, JSON.stringify(names), limit)
    return (found as unknown as PlacedRow[]).map(placedRecord)
  }

  count(after: number, names: readonly string[] | undefined): number {
    const counted = this.#count.get(after, names === undefined ? null : JSON.stringify(names))
    return (counted as unknown as [number])[0]
  }

  find(eventId: string): StreamRecord | undefined {
    const row = this.#find.get(eventId) as unknown as PlacedRow | undefined
    return row && placedRecord(row)
  }

  /** Deletes the next of what lies before a version, at most `limit`, and never the last event. Returns how many. */
  cut(stream: StreamId, before: number, limit: number): number {
    const head = this.#head.get(stream.name, stream.id) as unknown as HeadRow | undefined
    if (head === undefined) return 0
    const [slot, version] = head
    return Number(this.#cut.run(slot, Math.min(before, version), limit).changes)
  }

  /** The row that a snapshot hangs on. */
  slotOf(stream: StreamId): number | undefined {
    return (this.#head.get(stream.name, stream.id) as unknown as HeadRow | undefined)?.[0]
  }

  #write(stream: StreamId, head: HeadRow | undefined, events: readonly StreamEvent[], nowMs: number): void {
    const actual = head?.[1] ?? 0
    const to = actual + events.length
    const slot = head?.[0] ?? Number(this.#create.run(stream.name, stream.id, to, nowMs).lastInsertRowid)
    let version = actual
    for (const { id, type, timeMs, body } of events) {
      version += 1
      this.#insert.run(slot, version, id, type, timeMs, recordChecksum(body, version, timeMs), body)
    }
    // Last: where all events are there already, the first of them is refused, and the stream is as it was.
    if (head !== undefined) this.#move.run(to, nowMs, slot)
  }

  /** Where an event is that was there before this append. */
  #placeOf(eventId: string, stream: StreamId, actual: number): StreamRecord | undefined {
    const record = this.find(eventId)
    const isOurs =
      record?.stream.name === stream.name && record.stream.id === stream.id && record.version > actual
    return isOurs ? undefined : record
  }
}

function placedRecord(row: PlacedRow): StreamRecord {
  const [position, version, id, type, timeMs, checksum, body, name, streamId] = row
  return recordOf({ name, id: streamId }, [position, version, id, type, timeMs, checksum, body])
}

/** @throws `record_corrupt` for what is not as it was written. */
function recordOf(
  stream: StreamId,
  [position, version, id, type, timeMs, checksum, body]: EventRow,
): StreamRecord {
  if (checksum !== recordChecksum(body, version, timeMs)) throw corrupt(stream, version)
  return { stream, version, position: String(position), id, type, timeMs, body }
}

function corrupt(stream: StreamId, version: number): TidingsError {
  return new TidingsError(
    'record_corrupt',
    `The event at version ${version} of stream "${streamText(stream)}" is not what was appended. The disk or another program has changed it: stop all users of the file and restore it from a backup.`,
  )
}
