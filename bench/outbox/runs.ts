import { join } from 'node:path'
import { inChild, median, rounded, say } from '../harness.ts'
import type { Rate } from '../sqlite/publish.ts'
import type { Costs, TransactionOptions } from './costs.ts'
import type { RelayOptions } from './relay.ts'

const transactions = 2_000
const warmUp = 20_000
const events = 100_000
/** What a relay takes at once. */
const batch = 1_000
const targets = { ratio: 1.15, perSecond: 20_000 }

/** Files of this folder, and functions in them, that measure one store. */
interface Store {
  readonly transaction: readonly [file: string, measurement: string]
  readonly fill: readonly [file: string, measurement: string]
  readonly relay: readonly [file: string, measurement: string]
  readonly raw: readonly [file: string, measurement: string]
}

const stores = {
  sqlite: {
    transaction: ['outbox/sqlite-transaction.ts', 'sqliteTransaction'],
    fill: ['outbox/relay.ts', 'fillSqlite'],
    relay: ['outbox/relay.ts', 'relayFromSqlite'],
    raw: ['raw/outbox-sqlite.ts', 'rawRelay'],
  },
  postgres: {
    transaction: ['outbox/postgres.ts', 'postgresTransaction'],
    fill: ['outbox/postgres.ts', 'fillPostgres'],
    relay: ['outbox/postgres.ts', 'relayFromPostgres'],
    raw: ['raw/outbox-postgres.ts', 'rawRelay'],
  },
} as const satisfies Record<string, Store>

interface Found {
  readonly costs: Costs[]
  readonly relay: number[]
  readonly raw: number[]
}

/** What every round found, by store. */
export class OutboxRuns {
  readonly #folder: string
  readonly #url: string | undefined
  readonly #found = new Map<string, Found>()

  /** @param url of the PostgreSQL server; undefined where there is none. */
  constructor(folder: string, url: string | undefined) {
    this.#folder = folder
    this.#url = url
  }

  async round(round: number): Promise<void> {
    await this.#measure('sqlite', stores.sqlite, round)
    if (this.#url !== undefined) await this.#measure('postgres', stores.postgres, round)
  }

  report(): object {
    return Object.fromEntries([...this.#found].map(([name, found]) => [name, reportOf(found)]))
  }

  async #measure(name: string, store: Store, round: number): Promise<void> {
    const found = this.#found.get(name) ?? { costs: [], relay: [], raw: [] }
    this.#found.set(name, found)
    const place = (
      what: string,
    ): { file: string; logFile: string; url: string | undefined; schema: string } => ({
      file: join(this.#folder, `${name}-${what}-${round}.db`),
      logFile: join(this.#folder, `${name}-${what}-${round}-log.db`),
      url: this.#url,
      schema: `bench_${process.pid}_${what}_${round}`,
    })
    const options: TransactionOptions = { ...place('transaction'), warmUp, transactions }
    const costs = await this.#run<Costs>(store.transaction, options)
    const { productUs, ratio, insideUs } = costs
    say(
      `  ${name}: a transaction ${rounded(productUs)} µs, ${rounded(ratio, 3)} of bare; ${rounded(insideUs)} µs inside`,
    )
    found.costs.push(costs)
    const relay: RelayOptions = { ...place('relay'), events, batch }
    const raw: RelayOptions = { ...place('raw'), events, batch }
    for (const each of [relay, raw]) await this.#run<Rate>(store.fill, each)
    const rate = (await this.#run<Rate>(store.relay, relay)).perSecond
    const rawRate = (await this.#run<Rate>(store.raw, raw)).perSecond
    say(`  ${name}: relay ${Math.round(rate)} events/s, bare ${Math.round(rawRate)}`)
    found.relay.push(rate)
    found.raw.push(rawRate)
  }

  async #run<Figures>([file, measurement]: readonly [string, string], options: object): Promise<Figures> {
    return (await inChild<Figures>(join(this.#folder, 'compiled'), file, measurement, options)).figures
  }
}

/** Medians of all rounds, the ratios of each, and what is reached. */
function reportOf({ costs, relay, raw }: Found): object {
  const middle = (of: (costs: Costs) => number): number => rounded(median(costs.map(of)), 1)
  const ratio = median(costs.map((each) => each.ratio))
  const perSecond = median(relay)
  return {
    transaction: {
      us: middle(({ productUs }) => productUs),
      yardstickUs: middle(({ yardstickUs }) => yardstickUs),
      ratio: rounded(ratio, 3),
      ratios: costs.map((each) => rounded(each.ratio, 3)),
      target: targets.ratio,
      reached: ratio <= targets.ratio,
    },
    inside100: {
      us: middle(({ insideProductUs }) => insideProductUs),
      yardstickUs: middle(({ insideYardstickUs }) => insideYardstickUs),
      differenceUs: middle(({ insideUs }) => insideUs),
    },
    relay: {
      perSecond: Math.round(perSecond),
      yardstickPerSecond: Math.round(median(raw)),
      ratio: rounded(median(relay.map((each, round) => each / (raw[round] ?? 0)))),
      target: targets.perSecond,
      reached: perSecond >= targets.perSecond,
    },
  }
}
