import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Clock, Listeners, limits, type Timer } from '../kernel/index.ts'
import type { Change } from '../log/index.ts'
import type { WakeUp } from './wake-up.ts'

/**
 * Tells listeners what has changed in a file: this connection's own commits at once, those of every other connection
 * by looking at SQLite's `data_version`, which changes with each: when woken by another process, and every `limits.pollMs`.
 */
export class ChangeFeed {
  readonly #clock: Clock
  readonly #dataVersion: StatementSync
  readonly #listeners = new Listeners<[Change]>()
  readonly #wakeUp: WakeUp
  #seen: unknown
  #timer: Timer | undefined

  constructor(database: DatabaseSync, clock: Clock, wakeUp: WakeUp) {
    this.#clock = clock
    this.#wakeUp = wakeUp
    this.#dataVersion = database.prepare('PRAGMA data_version')
    this.#dataVersion.setReturnArrays(true)
  }

  watch(listener: (change: Change) => void): () => void {
    const stop = this.#listeners.add(listener)
    if (this.#timer === undefined) {
      this.#seen = this.#version()
      this.#arm()
    }
    return () => {
      stop()
      if (this.#listeners.size === 0) this.#stopPolling()
    }
  }

  /** Wants to be woken by other processes from now on: not every process that only publishes is to be. */
  attend(): void {
    this.#wakeUp.listen(() => this.#look())
  }

  /** This connection has committed a change. */
  emit(change: Change): void {
    this.#listeners.tell(change)
    this.#wakeUp.wake()
  }

  /** This connection has committed what nobody listens to here: other processes look. */
  wake(): void {
    this.#wakeUp.wake()
  }

  close(): void {
    this.#stopPolling()
    this.#wakeUp.close()
  }

  #stopPolling(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    this.#timer = this.#clock.schedule(limits.pollMs, () => this.#poll(), { background: true })
  }

  #poll(): void {
    this.#look()
    if (this.#timer !== undefined) this.#arm()
  }

  #look(): void {
    const version = this.#version()
    if (version === this.#seen) return
    this.#seen = version
    this.#listeners.tell({ kind: 'unknown' })
  }

  /** A file that cannot be read counts as changed: whoever looks then gets the error. */
  #version(): unknown {
    try {
      return (this.#dataVersion.get() as unknown[] | undefined)?.[0]
    } catch (error) {
      return error
    }
  }
}
