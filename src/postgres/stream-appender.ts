import { createHash } from 'node:crypto'
import { limits } from '../kernel/index.ts'
import type { Appended, StreamId } from '../streams/index.ts'
import type { Database } from './database.ts'
import { sqlState, stateOf } from './errors.ts'
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

interface Waiting {
  readonly append: StreamAppend
  readonly fulfil: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** Another process appends to the stream right now. */
const busy = Symbol('busy')

/** How often an append that met another of the same event ids looks what has become of that. */
const attempts = 3

/**
 * Appends to streams. Those that are asked for while a transaction is under way share the next one. A stream is locked before
 * the transaction gets its xid, so that the order of xids is that of its versions.
 */
export class StreamAppender {
  readonly #database: Database
  readonly #sql: ReturnType<typeof streamStatements>
  readonly #written: () => void
  #waiting: Waiting[] = []
  #flushing: Promise<void> | undefined

  /** @param written is called when events have committed. */
  constructor(database: Database, sql: ReturnType<typeof streamStatements>, written: () => void) {
    this.#database = database
    this.#sql = sql
    this.#written = written
  }

  /** Shares a transaction with what else waits. */
  append(append: StreamAppend): Promise<Appended> {
    return new Promise((fulfil, reject) => {
      this.#waiting.push({ append, fulfil, reject })
      this.#flushing ??= this.#flush()
    })
  }

  /** In a transaction of its own, with what else is to be written in it. */
  async appendWith(append: StreamAppend, within?: (tx: PostgresQuery) => Promise<void>): Promise<Appended> {
    for (let attempt = 1; ; attempt++) {
      try {
        const [outcome] = await this.#inThisEra(async (tx) => {
          const { rows } = await tx.query(this.#sql.lock, [this.#lockOf(append.stream)])
          checkEra(rows as readonly Row[])
          const outcomes = await this.#write(tx, [append])
          // What `within` writes without events has to be undone with them.
          for (const each of outcomes) if ('error' in each) throw each.error
          if (wasWritten(outcomes[0])) await within?.(tx)
          return outcomes
        })
        return this.#told(outcome, append)
      } catch (error) {
        // Another stream got an event of the same id meanwhile: now it can be seen.
        if (stateOf(error) !== sqlState.uniqueViolation || attempt === attempts) throw error
      }
    }
  }

  /** Fulfils when nothing waits. */
  async settled(): Promise<void> {
    await this.#flushing
  }

  async #flush(): Promise<void> {
    // Those of this turn of the event loop come along.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#appendTogether(this.#take())
    this.#flushing = undefined
  }

  #take(): readonly Waiting[] {
    let bytes = 0
    let count = 0
    for (const { append } of this.#waiting.slice(0, limits.postgresAppends)) {
      for (const { body } of append.events) bytes += body.length
      if (count > 0 && bytes > limits.groupCommitBytes) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  async #appendTogether(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#inThisEra((tx) => this.#tryWrite(tx, batch))
      for (const [index, waiting] of batch.entries()) {
        const outcome = outcomes[index]
        if (outcome === busy) this.#appendAlone(waiting)
        else this.#settle(waiting, outcome)
      }
    } catch (error) {
      // Of events that another process has appended meanwhile each append is to know by itself.
      if (stateOf(error) === sqlState.uniqueViolation) for (const each of batch) this.#appendAlone(each)
      else for (const { reject } of batch) reject(error)
    }
  }

  /** Not to let the others wait for whoever has the stream locked. */
  #appendAlone({ append, fulfil, reject }: Waiting): void {
    this.appendWith(append).then(fulfil, reject)
  }

  #settle({ append, fulfil, reject }: Waiting, outcome: AppendOutcome | undefined): void {
    try {
      fulfil(this.#told(outcome, append))
    } catch (error) {
      reject(error)
    }
  }

  #told(outcome: AppendOutcome | undefined, { events }: StreamAppend): Appended {
    if (outcome === undefined) throw new RangeError('An append has no outcome.')
    if ('error' in outcome) throw outcome.error
    if (outcome.appended.written && events.length > 0) this.#written()
    return outcome.appended
  }

  async #tryWrite(
    tx: PostgresQuery,
    batch: readonly Waiting[],
  ): Promise<readonly (AppendOutcome | typeof busy)[]> {
    const streams = new Map(batch.map(({ append }) => [keyOf(append.stream), append.stream]))
    const keys = [...streams.values()].map((stream) => this.#lockOf(stream))
    const rows = await rowsOf(tx, this.#sql.tryLock, [keys])
    checkEra(rows)
    const locked = new Set([...streams.keys()].filter((_, index) => rows[index]?.['locked'] === true))
    const appends = batch.map(({ append }) => append).filter(({ stream }) => locked.has(keyOf(stream)))
    const outcomes = (await this.#write(tx, appends)).values()
    return batch.map(({ append }) =>
      locked.has(keyOf(append.stream)) ? (outcomes.next().value ?? busy) : busy,
    )
  }

  async #write(tx: PostgresQuery, appends: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> {
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

  /** A new era is begun before anything is written, in a transaction of its own: whoever writes next is to see it. */
  async #inThisEra<Result>(run: (tx: PostgresQuery) => Promise<Result>): Promise<Result> {
    try {
      return await this.#database.transaction(run)
    } catch (error) {
      if (error !== eraEnded) throw error
      await this.#database.query(this.#sql.newEra)
      return this.#database.transaction(run)
    }
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
  if (row?.['is_this_era'] === false) throw eraEnded
}

function wasWritten(outcome: AppendOutcome | undefined): boolean {
  return outcome !== undefined && 'appended' in outcome && outcome.appended.written
}

function columnsOf(streams: readonly StreamId[]): [string[], string[]] {
  return [streams.map(({ name }) => name), streams.map(({ id }) => id)]
}

function placeOf(row: Row): StreamPlace {
  return {
    stream: { name: String(row['name']), id: String(row['id']) },
    version: Number(row['version']),
  }
}
