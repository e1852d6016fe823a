import { createHash } from 'node:crypto'
import type { StreamId } from '../streams/index.ts'
import type { Database } from './database.ts'
import type { PostgresQuery } from './query.ts'
import { type Row, rowsOf } from './sql.ts'
import {
  type AppendOutcome,
  decideAppends,
  keyOf,
  type StreamAppend,
  type StreamPlace,
} from './stream-appends.ts'
import type { streamStatements } from './stream-statements.ts'

/**
 * Locks streams and writes to them, in transactions. A stream is locked before the transaction gets its xid, so that the order
 * of xids is that of its versions.
 */
export class StreamWrites {
  readonly #database: Database
  readonly #sql: ReturnType<typeof streamStatements>

  constructor(database: Database, sql: ReturnType<typeof streamStatements>) {
    this.#database = database
    this.#sql = sql
  }

  /** A transaction. A new era is begun before anything is written, in one of its own: whoever writes next is to see it. */
  async transaction<Result>(run: (tx: PostgresQuery) => Promise<Result>): Promise<Result> {
    try {
      return await this.#database.transaction(run)
    } catch (error) {
      if (error !== eraEnded) throw error
      await this.#database.query(this.#sql.beginEra)
      return this.#database.transaction(run)
    }
  }

  /** Waits for whoever has the stream locked. */
  async lock(tx: PostgresQuery, stream: StreamId): Promise<void> {
    checkEra(await rowsOf(tx, this.#sql.lock, [this.#lockOf(stream)]))
  }

  /** The keys of those streams that nobody else has locked. */
  async tryLock(tx: PostgresQuery, streams: readonly StreamId[]): Promise<ReadonlySet<string>> {
    const byKey = new Map(streams.map((stream) => [keyOf(stream), this.#lockOf(stream)]))
    const rows = await rowsOf(tx, this.#sql.tryLock, [[...byKey.values()]])
    checkEra(rows)
    return new Set([...byKey.keys()].filter((_, index) => rows[index]?.['locked'] === true))
  }

  /** Writes what may be appended to streams that are locked. */
  async write(tx: PostgresQuery, appends: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> {
    if (appends.length === 0) return []
    const streams = appends.map(({ stream }) => stream)
    const ids = appends.flatMap(({ events }) => events.map(({ id }) => id))
    const found = await rowsOf(tx, this.#sql.find, [...columnsOf(streams), ids])
    const versions = found.filter((row) => row['event_id'] === null).map(placeOf)
    const places = found.filter((row) => row['event_id'] !== null)
    const byId = new Map(places.map((row) => [String(row['event_id']), placeOf(row)]))
    const decided = decideAppends(appends, versions, byId)
    if (decided.events.length > 0) {
      await tx.query(this.#sql.write, [
        ...columnsOf(decided.events.map(({ stream }) => stream)),
        decided.events.map(({ version }) => version),
        decided.events.map(({ id }) => id),
        decided.events.map(({ type }) => type),
        decided.events.map(({ timeMs }) => timeMs),
        decided.events.map(({ body }) => body),
        ...columnsOf(decided.streams.map(({ stream }) => stream)),
        decided.streams.map(({ version }) => version),
        this.#database.nowMs,
      ])
    }
    return decided.outcomes
  }

  /** A lock is a number of 64 bits: two streams that share one only wait for each other. */
  #lockOf(stream: StreamId): string {
    const hash = createHash('sha256')
      .update(`${this.#database.schemaName} ${keyOf(stream)}`)
      .digest()
    return hash.readBigInt64BE().toString()
  }
}

/** The tables came to this server with a dump, and it numbers transactions anew. */
const eraEnded = new Error('The tables were written on another server, and a new era begins.')

function checkEra([row]: readonly Row[]): void {
  if (row?.['is_era_begun'] === false) throw eraEnded
}

/** Names and ids, as two parameters. */
export function columnsOf(streams: readonly StreamId[]): [string[], string[]] {
  return [streams.map(({ name }) => name), streams.map(({ id }) => id)]
}

function placeOf(row: Row): StreamPlace {
  return {
    stream: { name: String(row['name']), id: String(row['id']) },
    version: Number(row['version']),
  }
}
