import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ShopError } from '../errors.ts'
import type { Failure } from '../failure.ts'
import type { Reader } from '../shop.ts'
import type { Place } from '../stores/place.ts'

const program = fileURLToPath(new URL('service.ts', import.meta.url))
const lookAgainMs = 50
/** One that ends again and again has a reason, which it has told on stderr. */
const mostRestarts = 10

export interface ServiceProcessOptions {
  readonly place: Place
  readonly ordersUrl: string
  /** What a group has not handled yet. */
  lagOf(group: string): Promise<number>
  /** Told of every delivery that failed. By default the process writes a line on stderr. */
  readonly failed: ((failure: Failure) => void) | undefined
}

/** A service in a process of its own, which is started again when it ends before it is let go. */
export class ServiceProcess implements Reader {
  readonly name: string
  readonly types: Reader['types']
  readonly #options: ServiceProcessOptions
  readonly #firstJoined = Promise.withResolvers<void>()
  readonly #lost = Promise.withResolvers<void>()
  #child: ChildProcess
  #restarts = 0
  #isClosing = false

  constructor({ name, types }: Pick<Reader, 'name' | 'types'>, options: ServiceProcessOptions) {
    this.name = name
    this.types = types
    this.#options = options
    this.#lost.promise.catch(() => undefined)
    this.#child = this.#start()
  }

  run(): Promise<void> {
    return this.#lost.promise
  }

  joined(): Promise<void> {
    return Promise.race([this.#firstJoined.promise, this.#lost.promise])
  }

  async caughtUp(): Promise<void> {
    while (!this.#isClosing && (await this.#options.lagOf(this.name)) > 0) await sleep(lookAgainMs)
  }

  /** Lets go of it. Fulfils when it has ended. */
  async close(): Promise<void> {
    this.#isClosing = true
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    if (child.connected) child.disconnect()
    await ended
  }

  #start(): ChildProcess {
    const { place, ordersUrl, failed } = this.#options
    const tells = failed === undefined ? [] : ['tell']
    const child = fork(program, [this.name, JSON.stringify(place), ...tells], {
      env: { ...process.env, ORDERS_URL: ordersUrl },
      // stdout is for the shop alone.
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    child.on('message', (message: Failure | 'joined') => {
      if (message !== 'joined') return failed?.(message)
      process.stderr.write(`${this.name} runs in process ${child.pid}.\n`)
      this.#firstJoined.resolve()
    })
    child.once('exit', (code, signal) => this.#ended(signal ?? `code ${code}`))
    return child
  }

  #ended(how: string): void {
    if (this.#isClosing) return this.#lost.resolve()
    if (this.#restarts === mostRestarts) {
      const sentence = `The service ${this.name} has ended ${mostRestarts + 1} times, the last time with ${how}. Look at what it wrote.`
      return this.#lost.reject(new ShopError(sentence))
    }
    this.#restarts += 1
    process.stderr.write(`${this.name} ended with ${how} and is started again.\n`)
    this.#child = this.#start()
  }
}
