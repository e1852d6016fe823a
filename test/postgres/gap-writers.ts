import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Random } from '../../src/kernel/index.ts'
import { type Outbox, withTransaction } from './gap-transaction.ts'

/** A version of a key that has committed, and when. */
export interface Committed {
  readonly key: string
  readonly version: number
  readonly atMs: number
}

export interface Writing {
  readonly committed: readonly Committed[]
  readonly rolledBack: number
  readonly slowestMs: number
}

export interface WriterOptions {
  readonly pool: pg.Pool
  readonly outbox: Outbox
  readonly schema: string
  readonly writers: number
  readonly seconds: number
  readonly random: Random
}

const keys = Array.from({ length: 40 }, (_, number) => `key-${number}`)
const longestDelayMs = 2_000

/**
 * Transactions side by side: each changes one or two keys and adds their events, waits for up to two seconds at random,
 * and commits, or in one of five rolls back. One of three is numbered early, by writing something else before.
 */
export async function write(options: WriterOptions): Promise<Writing> {
  const { pool, schema, writers, seconds } = options
  await pool.query(`CREATE TABLE ${schema}.key (id text PRIMARY KEY, version integer NOT NULL DEFAULT 0)`)
  await pool.query(`CREATE TABLE ${schema}.other (id integer PRIMARY KEY, count integer NOT NULL)`)
  await pool.query(`INSERT INTO ${schema}.key (id) SELECT unnest($1::text[])`, [keys])
  await pool.query(`INSERT INTO ${schema}.other SELECT n, 0 FROM generate_series(1, $1) n`, [writers])
  const untilMs = Date.now() + seconds * 1_000
  const all: Committed[] = []
  const figures = { rolledBack: 0, slowestMs: 0 }
  const writer = async (number: number): Promise<void> => {
    while (Date.now() < untilMs) {
      const beganMs = Date.now()
      const written = await change(options, number)
      if (written === undefined) figures.rolledBack += 1
      else all.push(...written)
      figures.slowestMs = Math.max(figures.slowestMs, Date.now() - beganMs)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, index) => writer(index + 1)))
  return { committed: all, ...figures }
}

/** Undefined when it rolled back. */
async function change(
  { pool, outbox, schema, random }: WriterOptions,
  writer: number,
): Promise<readonly Committed[] | undefined> {
  const chosen = [pick(random), pick(random)].slice(0, random.next() < 0.7 ? 1 : 2)
  const written: { readonly key: string; readonly version: number }[] = []
  const committed = await withTransaction(pool, async (tx) => {
    if (random.next() < 0.33) {
      await tx.query(`UPDATE ${schema}.other SET count = count + 1 WHERE id = $1`, [writer])
      await sleep(delayMs(random) / 4)
    }
    // In one order, so that nobody waits for each other.
    for (const key of [...new Set(chosen)].toSorted()) {
      const { rows } = await tx.query(
        `UPDATE ${schema}.key SET version = version + 1 WHERE id = $1 RETURNING version`,
        [key],
      )
      const version = Number(rows[0].version)
      await outbox(tx, { key, version })
      written.push({ key, version })
    }
    await sleep(delayMs(random))
    return random.next() >= 0.2
  })
  const atMs = Date.now()
  return committed ? written.map((each) => ({ ...each, atMs })) : undefined
}

function pick(random: Random): string {
  return keys[Math.floor(random.next() * keys.length)] ?? ''
}

/** Mostly short: with every commit slow, hardly any transactions would be under way beside it. */
function delayMs(random: Random): number {
  return random.next() < 0.3 ? random.next() * longestDelayMs : random.next() * 20
}
