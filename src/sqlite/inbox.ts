import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { InboxClaim, InboxKey, InboxStore, Synchronous } from '../inbox/index.ts'
import {
  type Clock,
  checkOptionNames,
  limits,
  systemClock,
  systemRandom,
  TidingsError,
} from '../kernel/index.ts'
import { fencedBy } from '../log/index.ts'
import { checkDurable, createTables, openDatabase } from './database.ts'
import { reading } from './errors.ts'
import type { SqliteOptions } from './options.ts'
import { rows } from './topic-table.ts'
import { Writer } from './writer.ts'

/**
 * Runs the handler's writes, and with them the record that the event was handled, in one transaction. The function
 * is synchronous: await what it needs before. Transactions ready in one turn of the event loop share one commit,
 * each in its own savepoint. Fulfils with the function's result once that is durable.
 */
export type SqliteTransact = <Result>(run: (tx: DatabaseSync) => Synchronous<Result>) => Promise<Result>

/**
 * An inbox in a SQLite file, beside the rows that handlers write. Made at start: while another process holds the lock of
 * the file it blocks, for up to `limits.busyMs`.
 * @param database the file, or an open connection to it; the same connection is the handlers' `tx`.
 */
export function sqliteInbox(
  database: string | DatabaseSync,
  options: Omit<SqliteOptions, 'create'> = {},
): InboxStore<SqliteTransact> {
  checkOptionNames('sqliteInbox()', options, optionNames)
  const { clock = systemClock, random = systemRandom } = options
  const file = typeof database === 'string' ? database : (database.location() ?? ':memory:')
  const connection = typeof database === 'string' ? openDatabase(file) : database
  try {
    checkDurable(connection, file)
    createTables(connection, file, ['inbox'])
  } catch (error) {
    if (typeof database === 'string') connection.close()
    throw error
  }
  const inbox = new SqliteInbox(new Writer(connection, file, clock, random), clock)
  return typeof database === 'string' ? closing(inbox, connection) : inbox
}

const optionNames = { clock: true, random: true } as const

function closing(inbox: SqliteInbox, connection: DatabaseSync): InboxStore<SqliteTransact> {
  return Object.assign(inbox, {
    close: async () => {
      await inbox.settled()
      if (connection.isOpen) connection.close()
    },
  })
}

const byKey = 'group_name = ? AND run_number = ? AND source = ? AND id = ?'

export class SqliteInbox implements InboxStore<SqliteTransact> {
  readonly #writer: Writer
  readonly #clock: Clock
  readonly #find: StatementSync
  readonly #remember: StatementSync
  readonly #forget: StatementSync
  readonly #fence: StatementSync
  readonly #raise: StatementSync
  readonly #prune: StatementSync

  constructor(writer: Writer, clock: Clock) {
    const { database } = writer
    this.#writer = writer
    this.#clock = clock
    this.#find = rows(database, `SELECT 1 FROM tidings_inbox WHERE ${byKey}`)
    this.#remember = database.prepare(
      'INSERT INTO tidings_inbox (group_name, run_number, source, id, handled_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#forget = database.prepare(`DELETE FROM tidings_inbox WHERE ${byKey}`)
    this.#fence = rows(
      database,
      'SELECT generation FROM tidings_fence WHERE group_name = ? AND topic = ? AND partition = ?',
    )
    this.#raise = database.prepare('INSERT OR REPLACE INTO tidings_fence VALUES (?, ?, ?, ?)')
    this.#prune = database.prepare(
      `DELETE FROM tidings_inbox WHERE (group_name, run_number, source, id) IN (
         SELECT group_name, run_number, source, id FROM tidings_inbox WHERE group_name = ? AND handled_at < ? LIMIT ?)`,
    )
  }

  async handled(group: string, runNumber: number, keys: readonly InboxKey[]): Promise<readonly boolean[]> {
    return reading(this.#writer, () =>
      keys.map(({ source, id }) => this.#find.get(group, runNumber, source, id) !== undefined),
    )
  }

  transaction(claim: InboxClaim): SqliteTransact {
    return async (run) => {
      const result = await this.#writer.write(() => {
        claim.check()
        const { keys } = claim
        if (this.#enter(claim) < keys.length) throw alreadyHandled(claim)
        const returned = runSynchronously('transact', run, this.#writer.database)
        this.#takeBack(claim, keys)
        return returned
      })
      claim.committed()
      return result
    }
  }

  async record(claim: InboxClaim): Promise<void> {
    await this.#writer.write(() => {
      this.#enter(claim)
    })
    claim.committed()
  }

  /** In slices of one commit each, so that neither the event loop nor another process waits for the whole. */
  async prune(group: string, before: number): Promise<number> {
    for (let pruned = 0; ; ) {
      const gone = await this.#writer.write(() =>
        Number(this.#prune.run(group, before, limits.groupCommitRecords).changes),
      )
      pruned += gone
      if (gone < limits.groupCommitRecords) return pruned
    }
  }

  settled(): Promise<void> {
    return this.#writer.settled()
  }

  close(): Promise<void> {
    return this.settled()
  }

  /** Raises the fence and records the keys; returns how many were not there. */
  #enter({ fence, runNumber, keys }: InboxClaim): number {
    const { group, topic, partition, generation } = fence
    const row = this.#fence.get(group, topic, partition) as unknown as [number] | undefined
    const seen = row?.[0] ?? -1
    if (seen > generation) throw fencedBy(fence, seen)
    if (seen < generation) this.#raise.run(group, topic, partition, generation)
    let added = 0
    for (const { source, id } of keys) {
      added += Number(this.#remember.run(group, runNumber, source, id, this.#clock.now()).changes)
    }
    return added
  }

  /** Events of a batch that the function has found to fail were not handled. */
  #takeBack(claim: InboxClaim, entered: readonly InboxKey[]): void {
    const kept = new Set(claim.keys)
    if (kept.size === entered.length) return
    for (const key of entered) {
      if (!kept.has(key)) this.#forget.run(claim.fence.group, claim.runNumber, key.source, key.id)
    }
  }
}

function alreadyHandled({ keys, fence }: InboxClaim): TidingsError {
  const [first] = keys
  const what =
    keys.length === 1 ? `event "${first?.id}" of "${first?.source}"` : `one of ${keys.length} events`
  return new TidingsError(
    'delivery_closed',
    `Group "${fence.group}" has handled ${what} already. Nothing is written again.`,
  )
}

/** @param name what the caller called, for the error. */
export function runSynchronously<Result>(
  name: 'transact' | 'transaction' | 'within' | 'create' | 'apply' | 'drop',
  run: (tx: DatabaseSync) => Synchronous<Result>,
  tx: DatabaseSync,
): Result {
  const result: unknown = run(tx)
  if (typeof result === 'object' && result !== null && 'then' in result) {
    // Whatever it does later is outside the transaction; its own failure must not go unnoticed as unhandled.
    Promise.resolve(result).catch(() => undefined)
    throw new TidingsError(
      'transaction_async',
      `The function given to ${name} returned a Promise. SQLite transactions are synchronous: await what you need before ${name}, and write inside it without await.`,
    )
  }
  return result as Result
}
