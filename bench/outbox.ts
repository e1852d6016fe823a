import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inChild, median, rounded, say } from './harness.ts'
import type { Costs, TransactionOptions } from './outbox/costs.ts'
import type { RelayOptions } from './outbox/relay.ts'
import type { Rate } from './sqlite/publish.ts'

export interface OutboxBenchOptions {
  readonly rounds: number
}

const transactions = 2_000
const warmUp = 300
const events = 100_000
const batch = 1_000
const targets = { ratio: 1.15, perSecond: 20_000 }

/** What does an event in the caller's transaction cost, and how fast does a relay bring events to a log? */
export async function benchOutbox({ rounds }: OutboxBenchOptions): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  const measured = new Measured(folder)
  try {
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`)
      await measured.round(round)
    }
    return { bench: 'outbox', rounds, ...measured.report() }
  } finally {
    await rm(folder, { recursive: true })
  }
}

class Measured {
  readonly #folder: string
  readonly #costs: Costs[] = []
  readonly #relay: number[] = []
  readonly #rawRelay: number[] = []

  constructor(folder: string) {
    this.#folder = folder
  }

  async round(round: number): Promise<void> {
    const file = (name: string): string => join(this.#folder, `${name}-${round}.db`)
    const options: TransactionOptions = { file: file('service'), warmUp, transactions }
    const costs = await this.#run<Costs>('outbox/sqlite-transaction.ts', 'sqliteTransaction', options)
    say(
      `  a transaction: ${rounded(costs.productUs)} µs, ${rounded(costs.ratio, 3)} of bare; ${rounded(costs.insideUs)} µs inside`,
    )
    this.#costs.push(costs)
    const relay = { file: file('outbox'), logFile: file('log'), events, batch }
    const raw = { file: file('raw-outbox'), logFile: file('raw-log'), events, batch }
    for (const each of [relay, raw]) await this.#rate('fillSqlite', 'outbox/relay.ts', each)
    this.#relay.push(await this.#rate('relayFromSqlite', 'outbox/relay.ts', relay))
    this.#rawRelay.push(await this.#rate('rawRelay', 'raw/outbox-sqlite.ts', raw))
  }

  report(): object {
    const middle = (of: (costs: Costs) => number): number => rounded(median(this.#costs.map(of)), 1)
    const ratio = median(this.#costs.map((costs) => costs.ratio))
    const perSecond = median(this.#relay)
    return {
      node: process.versions.node,
      sqlite: process.versions.sqlite,
      cpu: cpus()[0]?.model,
      cpus: cpus().length,
      transaction: {
        us: middle(({ productUs }) => productUs),
        yardstickUs: middle(({ yardstickUs }) => yardstickUs),
        ratio: rounded(ratio, 3),
        ratios: this.#costs.map((costs) => rounded(costs.ratio, 3)),
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
        yardstickPerSecond: Math.round(median(this.#rawRelay)),
        ratio: rounded(median(this.#relay.map((each, round) => each / (this.#rawRelay[round] ?? 0)))),
        target: targets.perSecond,
        reached: perSecond >= targets.perSecond,
      },
    }
  }

  async #rate(measurement: string, file: string, options: RelayOptions): Promise<number> {
    const { perSecond } = await this.#run<Rate>(file, measurement, options)
    say(`  ${measurement}: ${Math.round(perSecond)} events/s`)
    return perSecond
  }

  async #run<Figures>(file: string, measurement: string, options: object): Promise<Figures> {
    return (await inChild<Figures>(join(this.#folder, 'compiled'), file, measurement, options)).figures
  }
}
