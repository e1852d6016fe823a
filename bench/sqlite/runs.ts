import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inChild, rounded, say } from '../harness.ts'
import type { RawReadOptions, RawWriteOptions } from '../raw/sqlite.ts'
import type { ConsumeOptions } from './consume.ts'
import type { EndToEndOptions, Latency } from './end-to-end.ts'
import type { PublishOptions, Rate } from './publish.ts'

/** What every round found, by measurement. */
export class Runs {
  readonly #folder: string
  readonly figures: Record<string, number[]> = {}
  readonly rssMegabytes: Record<string, number[]> = {}

  constructor(folder: string) {
    this.#folder = folder
  }

  file(name: string): string {
    return join(this.#folder, name)
  }

  async forget(...names: readonly string[]): Promise<void> {
    for (const name of names) await rm(this.file(name), { force: true })
  }

  publish(name: string, how: 'publishBatches' | 'publishInFlight', options: PublishOptions): Promise<Rate> {
    return this.#rate(name, 'sqlite/publish.ts', how, options)
  }

  consume(name: string, options: ConsumeOptions): Promise<Rate> {
    return this.#rate(name, 'sqlite/consume.ts', 'consume', options)
  }

  rawWrite(options: RawWriteOptions): Promise<Rate> {
    return this.#rate('rawWrite', 'raw/sqlite.ts', 'rawWrite', options)
  }

  rawRead(options: RawReadOptions): Promise<Rate> {
    return this.#rate('rawRead', 'raw/sqlite.ts', 'rawRead', options)
  }

  async endToEnd(options: EndToEndOptions): Promise<void> {
    const latency = await this.#run<Latency>('endToEnd', 'sqlite/end-to-end.ts', 'endToEnd', options)
    for (const [name, ms] of Object.entries(latency)) this.#note(this.figures, name, ms)
    say(`  endToEnd: p50 ${rounded(latency.p50Ms)} ms, p99 ${rounded(latency.p99Ms)} ms`)
  }

  async #rate(name: string, file: string, measurement: string, options: object): Promise<Rate> {
    const rate = await this.#run<Rate>(name, file, measurement, options)
    this.#note(this.figures, name, rate.perSecond)
    say(`  ${name}: ${Math.round(rate.perSecond)} events/s`)
    return rate
  }

  async #run<Figures>(name: string, file: string, measurement: string, options: object): Promise<Figures> {
    const cache = this.file('compiled')
    const { figures, rssMegabytes } = await inChild<Figures>(cache, file, measurement, options)
    this.#note(this.rssMegabytes, name, rssMegabytes)
    return figures
  }

  #note(all: Record<string, number[]>, name: string, value: number): void {
    ;(all[name] ??= []).push(value)
  }
}
