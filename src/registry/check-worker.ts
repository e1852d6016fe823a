import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Clock, limits, type Timer, TidingsError, toError } from '../kernel/index.ts'
import { type CheckTask, reasonsIn } from './check-task.ts'
import type { CheckMessage } from './check-thread.ts'

/**
 * A stack as large as that of a main thread (984 KB, and what Node keeps of it in a thread): what compiles here has to compile
 * in a service, and the other way round.
 */
const resourceLimits = { maxOldGenerationSizeMb: limits.schemaCheckMegabytes, stackSizeMb: 1.15 }

interface Check {
  readonly task: CheckTask
  readonly settle: (outcome: () => readonly string[]) => void
}

/**
 * Compiles and compares schemas in a thread of its own, one after the other, so that who uploads a large one keeps nobody
 * else waiting. A thread that takes longer than `limits.schemaCheckMs` for one, or more memory than
 * `limits.schemaCheckMegabytes`, is ended; the next check gets another. It does not keep the process alive.
 */
export class CheckWorker {
  readonly #clock: Clock
  readonly #waiting: Check[] = []
  #current: Check | undefined
  #thread: Worker | undefined
  #timer: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws what the task throws · `schema_too_complex` over a limit · `engine_busy` when too many wait already. */
  run(task: CheckTask): Promise<readonly string[]> {
    if (this.#waiting.length >= limits.schemaChecksWaiting) return Promise.reject(tooMany())
    return new Promise((resolve, reject) => {
      const settle: Check['settle'] = (outcome) => {
        try {
          resolve(outcome())
        } catch (error) {
          reject(toError(error))
        }
      }
      this.#waiting.push({ task, settle })
      this.#next()
    })
  }

  #next(): void {
    if (this.#current !== undefined) return
    this.#current = this.#waiting.shift()
    if (this.#current === undefined) return
    const thread = (this.#thread ??= this.#start())
    thread.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is a thread, not a window
    thread.postMessage(this.#current.task)
  }

  #start(): Worker {
    const module = new URL(`./check-thread${extname(import.meta.url)}`, import.meta.url)
    const thread = new Worker(module, { execArgv: [], resourceLimits })
    const ended = (why: () => Error): void => {
      if (this.#thread !== thread) return
      this.#thread = undefined
      this.#settle(() => {
        throw why()
      })
    }
    thread.on('message', (message: CheckMessage) => {
      if (this.#thread !== thread) return
      if (message !== 'begun') this.#settle(() => reasonsIn(message))
      else this.#timer = this.#clock.schedule(limits.schemaCheckMs, () => this.#end(thread, ended))
    })
    thread.on('error', (error) => ended(() => (isOutOfMemory(error) ? tooLarge() : error)))
    thread.on('exit', () => ended(() => new Error('The thread that checks schemas has ended.')))
    return thread
  }

  #end(thread: Worker, ended: (why: () => Error) => void): void {
    ended(tooLong)
    void thread.terminate()
  }

  #settle(outcome: () => readonly string[]): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#thread?.unref()
    const check = this.#current
    this.#current = undefined
    check?.settle(outcome)
    this.#next()
  }
}

function isOutOfMemory(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
}

const advice = 'Make it smaller: use fewer properties, alternatives and patterns.'

function tooLong(): TidingsError {
  return new TidingsError(
    'schema_too_complex',
    `Compiling or comparing the schema takes longer than ${limits.schemaCheckMs} ms. ${advice}`,
  )
}

function tooLarge(): TidingsError {
  return new TidingsError(
    'schema_too_complex',
    `Compiling or comparing the schema takes more than ${limits.schemaCheckMegabytes} MB of memory. ${advice}`,
  )
}

function tooMany(): TidingsError {
  return new TidingsError(
    'engine_busy',
    `${limits.schemaChecksWaiting} large schemas wait to be checked already. Try again.`,
  )
}
