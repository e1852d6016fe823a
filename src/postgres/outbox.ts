import { Listeners, limits, type Timer } from '../kernel/index.ts'
import type {
  OutboxFigures,
  OutboxRecord,
  OutboxStore,
  PendingRecord,
  Refusal,
  RefusedRecord,
  RelayTerm,
} from '../outbox/index.ts'
import { fencedRelay } from '../outbox/index.ts'
import { CallersTransactions, checkHandle } from './caller.ts'
import { Database, type PostgresOptions } from './database.ts'
import { outboxStatements } from './outbox-statements.ts'
import type { PostgresQuery } from './query.ts'
import { Session } from './session.ts'
import type { PostgresSource } from './source.ts'
import { only, optionalNumber, type Row, storable } from './sql.ts'
import type { PostgresTransaction } from './transaction.ts'

/**
 * An outbox in PostgreSQL, in the database of the caller's rows. `tx` is a client of `pg` with an open transaction, or that
 * of a query builder through its adapter, as `drizzleTransaction(tx, sql)`.
 */
export function postgresOutbox(
  source: PostgresSource,
  options: PostgresOptions = {},
): OutboxStore<PostgresTransaction> {
  return new PostgresOutbox(new Database(source, options, 'postgresOutbox()'))
}

/** Records of one INSERT: PostgreSQL takes 65,535 parameters. */
const insertedTogether = 1_000

/** What is about to be written in a transaction. */
interface Adding {
  readonly records: OutboxRecord[]
  readonly written: Promise<void>
}

export class PostgresOutbox implements OutboxStore<PostgresTransaction> {
  readonly #database: Database
  readonly #session: Session
  readonly #sql: ReturnType<typeof outboxStatements>
  readonly #callers: CallersTransactions
  readonly #listeners = new Listeners()
  readonly #adding = new WeakMap<PostgresQuery, Adding>()
  #poll: Timer | undefined

  constructor(database: Database) {
    this.#database = database
    this.#session = new Session(database)
    this.#sql = outboxStatements(database.schema)
    this.#callers = new CallersTransactions(database, `${database.schema}.outbox`, this.#sql.isOurs)
  }

  /** What is added to one transaction in one turn is written together, in the order of the calls. */
  async add(tx: PostgresQuery, records: readonly OutboxRecord[]): Promise<void> {
    if (records.length === 0) return
    checkHandle(tx)
    const known = this.#adding.get(tx)
    const adding = known ?? { records: [], written: Promise.resolve().then(() => this.#write(tx)) }
    adding.records.push(...records)
    this.#adding.set(tx, adding)
    await adding.written
  }

  async #write(tx: PostgresQuery): Promise<void> {
    const records = this.#adding.get(tx)?.records ?? []
    this.#adding.delete(tx)
    const { nowMs } = this.#database
    await this.#callers.check(tx)
    for (let from = 0; from < records.length; from += insertedTogether) {
      const some = records.slice(from, from + insertedTogether)
      const values = some.flatMap(({ topic, partition, body, notBefore = null }) => {
        const columns = [topic, partition, body, notBefore]
        return nowMs === null ? columns : [...columns, nowMs]
      })
      await this.#callers.query(tx, this.#sql.add(some.length, { time: nowMs !== null }), values)
    }
  }

  async lead(relay: string, leaseMs: number): Promise<RelayTerm | undefined> {
    await this.#database.query(this.#sql.beginEra)
    const locked = await this.#session.tryLock(this.#lock, relay)
    const values = [relay, leaseMs, locked, this.#database.nowMs]
    const [row] = await this.#database.query(this.#sql.lead, values)
    if (row !== undefined) return { relay, term: Number(row['term']) }
    await this.#session.unlock(this.#lock, relay)
    return undefined
  }

  async resign({ relay, term }: RelayTerm): Promise<void> {
    await this.#database.query(this.#sql.resign, [relay, term])
    await this.#session.unlock(this.#lock, relay)
  }

  async claim(
    { relay, term }: RelayTerm,
    { maxRecords, maxBytes }: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly PendingRecord[]> {
    const { horizon } = only(await this.#database.query(this.#sql.horizon))
    const rows = await this.#database.query(this.#sql.claim, [relay, term, maxRecords, maxBytes, horizon])
    if (rows.length === 0) await this.#checkTerm({ relay, term })
    return rows.map(pendingOf)
  }

  settle(term: RelayTerm, positions: readonly number[]): Promise<void> {
    return this.#change(this.#sql.settle, term, [positions])
  }

  refuse(term: RelayTerm, refusals: readonly Refusal[]): Promise<void> {
    const reasons = refusals.map(({ reason }) => storable(reason).slice(0, limits.errorLength))
    return this.#change(this.#sql.refuse, term, [refusals.map(({ position }) => position), reasons])
  }

  async listRefused(limit: number): Promise<readonly RefusedRecord[]> {
    const rows = await this.#database.query(this.#sql.refused, [limit])
    return rows.map((row) => ({ ...pendingOf(row), reason: String(row['refusal']) }))
  }

  async restore(): Promise<number> {
    return Number(only(await this.#database.query(this.#sql.restore))['restored'])
  }

  async figures(): Promise<OutboxFigures> {
    const row = only(await this.#database.query(this.#sql.figures, [this.#database.nowMs]))
    const oldestAge = row['oldest_age']
    return {
      pending: Number(row['pending']),
      oldestAgeMs: oldestAge === null ? undefined : Math.max(0, Number(oldestAge)),
      refused: Number(row['refused']),
    }
  }

  /** Looks: a NOTIFY in the transaction of the caller would take a lock that all commits of the server share. */
  watch(changed: () => void): () => void {
    const stop = this.#listeners.add(changed)
    if (this.#poll === undefined) this.#arm()
    return () => {
      stop()
      if (this.#listeners.size === 0) this.#stopPolling()
    }
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    this.#stopPolling()
    await this.#session.close()
    await this.#database.close()
  }

  get #lock(): string {
    return `tidings relay ${this.#database.schemaName}`
  }

  #arm(): void {
    const look = async (): Promise<void> => {
      const rows = await this.#database.query(this.#sql.pending).catch(() => [])
      if (rows.length > 0) this.#listeners.tell()
      if (this.#poll !== undefined) this.#arm()
    }
    this.#poll = this.#database.timers.schedule(limits.postgresPollMs, () => void look(), {
      background: true,
    })
  }

  #stopPolling(): void {
    this.#poll?.cancel()
    this.#poll = undefined
  }

  /** Changes records as the relay of a term, or nothing. */
  async #change(text: string, { relay, term }: RelayTerm, values: readonly unknown[]): Promise<void> {
    const { held } = only(await this.#database.query(text, [relay, term, ...values]))
    if (held !== true) await this.#checkTerm({ relay, term })
  }

  async #checkTerm({ relay, term }: RelayTerm): Promise<void> {
    const [row] = await this.#database.query(this.#sql.term)
    if (row?.['relay'] === relay && Number(row['term']) === term) return
    throw fencedRelay({ relay, term }, row && row['relay'] !== '' ? Number(row['term']) : undefined)
  }
}

function pendingOf(row: Row): PendingRecord {
  return {
    position: Number(row['position']),
    topic: String(row['topic']),
    partition: Number(row['partition']),
    body: String(row['body']),
    notBefore: optionalNumber(row['not_before']),
  }
}
