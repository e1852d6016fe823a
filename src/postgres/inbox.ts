import type { InboxClaim, InboxKey, InboxStore } from '../inbox/index.ts'
import { limits, TidingsError } from '../kernel/index.ts'
import { fencedBy } from '../log/index.ts'
import { Database, type PostgresOptions } from './database.ts'
import { Lookup } from './lookup.ts'
import type { PostgresQuery } from './query.ts'
import type { PostgresSource } from './source.ts'
import { only, rowsOf, time } from './sql.ts'

/**
 * Runs the handler's writes, and with them the record that the event was handled, in one transaction. Fulfils with the
 * function's result once that is durable. What the function does not await may run after the commit.
 */
export type PostgresTransact = <Result>(
  run: (tx: PostgresQuery) => Promise<Result> | Result,
) => Promise<Result>

/** An inbox in PostgreSQL, in the database of the rows that handlers write. */
export function postgresInbox(
  source: PostgresSource,
  options: PostgresOptions = {},
): InboxStore<PostgresTransact> {
  return new PostgresInbox(new Database(source, options, 'postgresInbox()'))
}

/** Whether a group has handled an event. */
interface HandledQuestion {
  readonly group: string
  readonly runNumber: number
  readonly key: InboxKey
}

export class PostgresInbox implements InboxStore<PostgresTransact> {
  readonly #database: Database
  readonly #handled: Lookup<HandledQuestion, boolean>
  readonly #enter: string
  readonly #raise: string
  readonly #forget: string
  readonly #prune: string

  constructor(database: Database) {
    const { schema } = database
    this.#database = database
    const handled = `SELECT k.asked
      FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY k (group_name, run_number, source, id, asked)
      JOIN ${schema}.inbox i ON i.group_name = k.group_name AND i.run_number = k.run_number
        AND i.source = k.source AND i.id = k.id`
    this.#handled = new Lookup(database.timers, async (asked) => {
      const runs = [asked.map(({ group }) => group), asked.map(({ runNumber }) => runNumber)]
      const rows = await database.query(handled, [...runs, ...columnsOf(asked.map(({ key }) => key))])
      const found = new Set(rows.map((row) => Number(row['asked']) - 1))
      return (index) => found.has(index)
    })
    // Whoever raises the fence waits for those that share it: none of an older generation commits after that. In the order
    // of the keys, so that two batches with some of the same wait for each other only one way round. A fence that is to be
    // raised is not shared first: two that did would wait for each other.
    this.#enter = `WITH seen AS MATERIALIZED (
        SELECT generation FROM ${schema}.fence WHERE group_name = $1 AND topic = $2 AND partition = $3
        AND generation >= $4 FOR SHARE
      ), entered AS (
        INSERT INTO ${schema}.inbox (group_name, run_number, source, id, handled_at)
        SELECT $1, $5, k.source, k.id, ${time('$6')}
        FROM ${keysIn(7)} k (source, id)
        WHERE (SELECT generation FROM seen) = $4 ORDER BY k.source, k.id
        ON CONFLICT DO NOTHING RETURNING 1
      )
      SELECT (SELECT generation FROM seen) AS generation, (SELECT count(*) FROM entered) AS entered`
    this.#raise = `INSERT INTO ${schema}.fence AS f (group_name, topic, partition, generation) VALUES ($1, $2, $3, $4)
      ON CONFLICT (group_name, topic, partition) DO UPDATE SET generation = excluded.generation
      WHERE f.generation < excluded.generation`
    this.#forget = `DELETE FROM ${schema}.inbox i USING ${keysIn(3)} k (source, id)
      WHERE i.group_name = $1 AND i.run_number = $2 AND i.source = k.source AND i.id = k.id`
    this.#prune = `WITH old AS (
        SELECT ctid FROM ${schema}.inbox WHERE group_name = $1 AND handled_at < $2 LIMIT ${limits.groupCommitRecords}
      ), gone AS (DELETE FROM ${schema}.inbox WHERE ctid = ANY (ARRAY(SELECT ctid FROM old)) RETURNING 1)
      SELECT count(*) AS gone FROM gone`
  }

  handled(group: string, runNumber: number, keys: readonly InboxKey[]): Promise<readonly boolean[]> {
    return Promise.all(keys.map((key) => this.#handled.ask({ group, runNumber, key })))
  }

  transaction(claim: InboxClaim): PostgresTransact {
    return async (run) => {
      const result = await this.#database.transaction(async (tx) => {
        claim.check()
        const { keys } = claim
        if ((await this.#enterIn(tx, claim)) < keys.length) throw alreadyHandled(claim)
        // While the keys were written the delivery may have ended.
        claim.check()
        const returned = await run(tx)
        await this.#takeBack(tx, claim, keys)
        return returned
      })
      claim.committed()
      return result
    }
  }

  async record(claim: InboxClaim): Promise<void> {
    await this.#database.transaction((tx) => this.#enterIn(tx, claim))
    claim.committed()
  }

  /** In slices of one commit each. */
  async prune(group: string, before: number): Promise<number> {
    for (let pruned = 0; ; ) {
      const gone = Number(only(await this.#database.query(this.#prune, [group, before]))['gone'])
      pruned += gone
      if (gone < limits.groupCommitRecords) return pruned
    }
  }

  async close(): Promise<void> {
    await this.#handled.settled()
    await this.#database.close()
  }

  /** Raises the fence and records the keys; returns how many were not there. */
  async #enterIn(tx: PostgresQuery, { fence, runNumber, keys }: InboxClaim): Promise<number> {
    const { group, topic, partition, generation } = fence
    const place = [group, topic, partition, generation]
    for (;;) {
      const values = [...place, runNumber, this.#database.nowMs, ...columnsOf(keys)]
      const entered = only(await rowsOf(tx, this.#enter, values))
      const seen = entered['generation'] === null ? undefined : Number(entered['generation'])
      if (seen === generation) return Number(entered['entered'])
      if (seen !== undefined && seen > generation) throw fencedBy(fence, seen)
      await tx.query(this.#raise, place)
    }
  }

  /** Events of a batch that the function has found to fail were not handled. */
  async #takeBack(tx: PostgresQuery, claim: InboxClaim, entered: readonly InboxKey[]): Promise<void> {
    const kept = new Set(claim.keys)
    const failed = entered.filter((key) => !kept.has(key))
    if (failed.length === 0) return
    await tx.query(this.#forget, [claim.fence.group, claim.runNumber, ...columnsOf(failed)])
  }
}

/** SQL of keys in two parameters. */
function keysIn(first: number): string {
  return `unnest($${first}::text[], $${first + 1}::text[])`
}

function columnsOf(keys: readonly InboxKey[]): [string[], string[]] {
  return [keys.map(({ source }) => source), keys.map(({ id }) => id)]
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
