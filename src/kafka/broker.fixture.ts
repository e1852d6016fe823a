import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'vitest'
import { type BrokerOptions, startBroker } from '../../test/engines/kafka.ts'
import { startOf } from '../../test/engines/processes.ts'
import type { Running } from '../../test/engines/server.ts'
import type { TestRunner } from '../testing/index.ts'

/** The broker that tests share, as `npm run test:engines` starts it; undefined where there is none. */
export const brokerUrl: string | undefined = process.env['TIDINGS_KAFKA_URL']

/** Tests of the broker, or one line that says why there are none. */
export function describeOnBroker(name: string, tests: () => void): void {
  if (brokerUrl === undefined)
    describe.skip(`${name} (there is no Kafka here: npm run test:engines starts one)`, tests)
  else describe(name, tests)
}

/** Runs cases at the same time: each has names of its own, and most of them wait. */
export const concurrently: TestRunner = Object.assign(
  (name: string, run: () => Promise<void>) => test.concurrent(name, run),
  { skip: test.skip },
)

/** A broker of a test's own, to be empty or to be stopped. */
export class OwnBroker implements AsyncDisposable {
  readonly #folder: string
  readonly #options: BrokerOptions
  #running: Running

  private constructor(folder: string, options: BrokerOptions, running: Running) {
    this.#folder = folder
    this.#options = options
    this.#running = running
  }

  static async start(options: BrokerOptions = {}): Promise<OwnBroker> {
    const folder = mkdtempSync(join(tmpdir(), 'tidings-kafka-broker-'))
    chmodSync(folder, 0o755)
    return new OwnBroker(folder, options, await startBroker(folder, options))
  }

  get url(): string {
    return this.#running.url
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { pid } = this.#running
    if (startOf(pid) === undefined) return
    process.kill(pid, signal)
    for (const endMs = Date.now() + 20_000; startOf(pid) !== undefined; await sleep(50)) {
      if (Date.now() > endMs) process.kill(pid, 'SIGKILL')
    }
  }

  /** On the port it had, with what it had. */
  async startAgain(): Promise<void> {
    const port = Number(new URL(this.url).port)
    this.#running = await startBroker(this.#folder, { ...this.#options, port })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
