import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { OutboxFigures, OutboxRecord, PendingRecord, Refusal, RefusedRecord } from '../outbox/index.ts'
import { rows } from './topic-table.ts'

type RecordColumns = readonly [
  position: number,
  notBefore: number | null,
  topic: string,
  partition: number,
  body: string,
]

const columns = 'not_before, topic, partition, body'

/** What the relay does with the records of an outbox. Methods that write are called inside a write. */
export class OutboxTable {
  readonly #oldest: StatementSync
  readonly #settle: StatementSync
  readonly #refuse: StatementSync
  readonly #refused: StatementSync
  readonly #restore: StatementSync
  readonly #forgetRefused: StatementSync
  readonly #figures: StatementSync

  constructor(database: DatabaseSync) {
    this.#oldest = rows(database, `SELECT position, ${columns} FROM tidings_outbox ORDER BY position LIMIT ?`)
    this.#settle = database.prepare('DELETE FROM tidings_outbox WHERE position BETWEEN ? AND ?')
    this.#refuse = database.prepare(
      `INSERT INTO tidings_outbox_refused (position, reason, ${columns})
       SELECT position, ?, ${columns} FROM tidings_outbox WHERE position = ?`,
    )
    this.#refused = rows(
      database,
      `SELECT position, ${columns}, reason FROM tidings_outbox_refused ORDER BY id LIMIT ?`,
    )
    this.#restore = database.prepare(
      `INSERT INTO tidings_outbox (added_at, ${columns}) SELECT ?, ${columns} FROM tidings_outbox_refused ORDER BY id`,
    )
    this.#forgetRefused = database.prepare('DELETE FROM tidings_outbox_refused')
    this.#figures = rows(
      database,
      `SELECT (SELECT count(*) FROM tidings_outbox), (SELECT count(*) FROM tidings_outbox_refused),
              (SELECT added_at FROM tidings_outbox ORDER BY position LIMIT 1)`,
    )
  }

  oldest(maxRecords: number, maxBytes: number): readonly PendingRecord[] {
    const found: PendingRecord[] = []
    let bytes = 0
    for (const row of this.#oldest.iterate(maxRecords) as unknown as Iterable<RecordColumns>) {
      bytes += row[4].length
      if (found.length > 0 && bytes > maxBytes) break
      found.push(recordOf(row))
    }
    return found
  }

  settle(positions: readonly number[]): void {
    for (const [first, last] of runsOf(positions)) this.#settle.run(first, last)
  }

  refuse(refusals: readonly Refusal[]): void {
    for (const { position, reason } of refusals) {
      this.#refuse.run(reason, position)
      this.#settle.run(position, position)
    }
  }

  listRefused(limit: number): readonly RefusedRecord[] {
    const found = this.#refused.all(limit) as unknown as readonly (readonly [...RecordColumns, string])[]
    return found.map(([position, notBefore, topic, partition, body, reason]) => ({
      ...recordOf([position, notBefore, topic, partition, body]),
      reason,
    }))
  }

  /** Returns how many. */
  restore(nowMs: number): number {
    const { changes } = this.#restore.run(nowMs)
    this.#forgetRefused.run()
    return Number(changes)
  }

  figures(nowMs: number): OutboxFigures {
    const [pending, refused, addedAt] = this.#figures.get() as unknown as [number, number, number | null]
    return {
      pending,
      oldestAgeMs: addedAt === null ? undefined : Math.max(0, nowMs - addedAt),
      refused,
    }
  }
}

/** Adds records through one connection, in the transaction that is open there. */
export class OutboxAdder {
  readonly database: DatabaseSync
  readonly #add: StatementSync

  constructor(database: DatabaseSync) {
    this.database = database
    this.#add = database.prepare(`INSERT INTO tidings_outbox (added_at, ${columns}) VALUES (?, ?, ?, ?, ?)`)
  }

  add({ topic, partition, body, notBefore }: OutboxRecord, nowMs: number): void {
    this.#add.run(nowMs, notBefore ?? null, topic, partition, body)
  }
}

function recordOf([position, notBefore, topic, partition, body]: RecordColumns): PendingRecord {
  return { position, topic, partition, body, notBefore: notBefore ?? undefined }
}

/** Rising numbers as ranges without gaps, first and last of each: mostly one. */
function runsOf(positions: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = []
  for (const position of positions) {
    const run = runs.at(-1)
    if (run !== undefined && position === run[1] + 1) run[1] = position
    else runs.push([position, position])
  }
  return runs
}
