import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'vitest'
import { startOf } from '../../test/engines/processes.ts'
import { type RunningNode, startNode } from '../../test/engines/rabbitmq.ts'
import type { TestRunner } from '../testing/index.ts'

/** The node that tests share, as `npm run test:engines` starts it; undefined where there is none. */
export const brokerUrl: string | undefined = process.env['TIDINGS_RABBITMQ_URL']

/** Tests of the broker, or one line that says why there are none. */
export function describeOnBroker(name: string, tests: () => void): void {
  if (brokerUrl === undefined)
    describe.skip(`${name} (there is no RabbitMQ here: npm run test:engines starts one)`, tests)
  else describe(name, tests)
}

/** Runs cases at the same time: each has names of its own, and most of them wait. */
export const concurrently: TestRunner = Object.assign(
  (name: string, run: () => Promise<void>) => test.concurrent(name, run),
  { skip: test.skip },
)

/** A node of a test's own, to be empty or to be stopped. */
export class OwnNode implements AsyncDisposable {
  readonly #folder: string
  #running: RunningNode

  private constructor(folder: string, running: RunningNode) {
    this.#folder = folder
    this.#running = running
  }

  static async start(): Promise<OwnNode> {
    const folder = mkdtempSync(join(tmpdir(), 'tidings-rabbitmq-'))
    chmodSync(folder, 0o755)
    return new OwnNode(folder, await startNode(folder))
  }

  get url(): string {
    return this.#running.url
  }

  get managementUrl(): string {
    return this.#running.managementUrl
  }

  /** The URL of a virtual host that is empty. */
  async ownHost(): Promise<string> {
    const name = randomUUID()
    const base = new URL(this.managementUrl)
    const authorization = `Basic ${btoa(`${base.username}:${base.password}`)}`
    const put = async (path: string, body: object): Promise<void> => {
      const headers = { authorization, 'content-type': 'application/json' }
      const answer = await fetch(`http://${base.host}/api/${path}`, {
        method: 'PUT',
        headers,
        body: JSON.stringify(body),
      })
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    }
    await put(`vhosts/${name}`, {})
    await put(`permissions/${name}/guest`, { configure: '.*', write: '.*', read: '.*' })
    return `${this.url}/${name}`
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { pid } = this.#running
    if (startOf(pid) === undefined) return
    process.kill(pid, signal)
    for (const endMs = Date.now() + 20_000; startOf(pid) !== undefined; await sleep(50)) {
      if (Date.now() > endMs) process.kill(pid, 'SIGKILL')
    }
  }

  /** On the ports it had, with what it had. */
  async startAgain(): Promise<void> {
    this.#running = await startNode(this.#folder, { ports: this.#running.ports })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
