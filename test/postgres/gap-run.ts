import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { decodeEvent } from '../../src/event/index.ts'
import { openBus } from '../../src/index.ts'
import { type Random, seededRandom } from '../../src/kernel/index.ts'
import { memory } from '../../src/memory/index.ts'
import { postgresOutbox } from '../../src/postgres/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'
import { catalog, changed, topic } from './gap-catalog.ts'
import { check, type Relayed, type Verdict } from './gap-checker.ts'
import { write } from './gap-writers.ts'

export interface GapOptions {
  readonly url: string
  readonly seconds: number
  readonly writers: number
  readonly seed: number
}

export interface GapLine extends Verdict {
  readonly seconds: number
  readonly writers: number
  readonly committed: number
  readonly rolledBack: number
  readonly kills: number
  readonly slowestTransactionMs: number
  readonly seed: number
}

/** When no relay was at work, in ms since the Unix epoch. */
interface Pause {
  readonly fromMs: number
  readonly untilMs: number
}

/** Writers and a relay that is killed, and what came of it. */
export async function runGaps({ url, seconds, writers, seed }: GapOptions): Promise<GapLine> {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-gaps-'))
  const schema = `gaps_${process.pid}_${Date.now().toString(36)}`
  const withSchema = `${url}?schema=${schema}`
  const pool = new pg.Pool({ connectionString: url, max: writers + 2 })
  const store = postgresOutbox(withSchema)
  const file = join(folder, 'log.db')
  const random = seededRandom(seed)
  await store.figures()
  // Only to check and to write: what this process adds, the relay's brings to the log.
  const bus = await openBus({ transport: memory(), source: '/gaps', catalog })
  const outbox = bus.outbox(store, { relay: false })
  const relay = new KilledRelay(withSchema, file, random)
  try {
    await relay.start()
    const killing = relay.killUntil(Date.now() + seconds * 1_000)
    const writing = await write({
      pool,
      outbox: (tx, event) => outbox.publish(tx, changed, event),
      schema,
      writers,
      seconds,
      random,
    })
    await killing
    while ((await store.figures()).pending > 0) await sleep(50)
    const verdict = check(writing.committed, await relayed(file), relay.pauses)
    const { rolledBack, slowestMs } = writing
    const committed = writing.committed.length
    return {
      seconds,
      writers,
      committed,
      rolledBack,
      kills: relay.kills,
      ...verdict,
      slowestTransactionMs: slowestMs,
      seed,
    }
  } finally {
    await relay.stop()
    await bus.close()
    await store.close()
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    await pool.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

class KilledRelay {
  readonly #args: readonly string[]
  readonly #random: Random
  readonly pauses: Pause[] = []
  kills = 0
  #child: ChildProcess | undefined

  constructor(url: string, file: string, random: Random) {
    this.#args = [url, file]
    this.#random = random
  }

  async start(): Promise<void> {
    this.#child = fork(join(import.meta.dirname, 'gap-relay.ts'), this.#args)
    await once(this.#child, 'message')
  }

  /** Kills with -9 and starts again, every two seconds or so. */
  async killUntil(untilMs: number): Promise<void> {
    for (;;) {
      await sleep(1_000 + this.#random.next() * 2_000)
      if (Date.now() > untilMs) return
      const fromMs = Date.now()
      await this.stop()
      await this.start()
      this.kills += 1
      this.pauses.push({ fromMs, untilMs: Date.now() })
    }
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
}

/** What is in the log, in the order of each partition. */
async function relayed(file: string): Promise<readonly Relayed[]> {
  const log = await sqlite(file)
  try {
    const all: Relayed[] = []
    for (let partition = 0; partition < topic.partitions; partition++) {
      const limit = { maxRecords: 1_000_000, maxBytes: 2 ** 40 }
      for (const { encoded, appendedAt } of await log.admin.read(topic.name, partition, 0, limit)) {
        const { id, data } = decodeEvent(encoded)
        all.push({ id, ...(data as { key: string; version: number }), appendedAt })
      }
    }
    return all
  } finally {
    await log.close()
  }
}
