import { type FSWatcher, watch } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Clock, Listeners, limits, type Timer } from '../kernel/index.ts'
import type { Change } from '../log/index.ts'

/**
 * Tells listeners what has changed in a file: this connection's own commits at once, those of every other connection
 * by looking at SQLite's `data_version`, which changes with each: soon after the write-ahead log was written to, where
 * the system tells of that, and in any case every `limits.pollMs`.
 */
export class ChangeFeed {
  readonly #clock: Clock
  readonly #dataVersion: StatementSync
  readonly #listeners = new Listeners<[Change]>()
  #seen: unknown
  #timer: Timer | undefined
  #looks: Timer[] = []
  readonly #file: string | null
  #watcher: FSWatcher | undefined

  constructor(database: DatabaseSync, clock: Clock) {
    this.#clock = clock
    this.#file = database.location()
    this.#dataVersion = database.prepare('PRAGMA data_version')
    this.#dataVersion.setReturnArrays(true)
  }

  watch(listener: (change: Change) => void): () => void {
    const stop = this.#listeners.add(listener)
    if (this.#timer === undefined) {
      this.#seen = this.#version()
      this.#arm()
      this.#watchLog()
    }
    return () => {
      stop()
      if (this.#listeners.size === 0) this.close()
    }
  }

  emit(change: Change): void {
    this.#listeners.tell(change)
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const look of this.#looks) look.cancel()
    this.#looks = []
    this.#watcher?.close()
    this.#watcher = undefined
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
    this.emit({ kind: 'unknown' })
  }

  #watchLog(): void {
    if (this.#file === null) return
    try {
      this.#watcher = watch(`${this.#file}-wal`, { persistent: false }, () => this.#lookSoon())
      this.#watcher.on('error', () => undefined)
    } catch {
      // The system cannot tell: polling has to do.
    }
  }

  /** The log is written to a moment before the commit can be seen: between the two the disk is synced. */
  #lookSoon(): void {
    if (this.#looks.length > 0 || this.#timer === undefined) return
    this.#looks = limits.lookAfterWriteMs.map((delayMs, index, all) =>
      this.#clock.schedule(
        delayMs,
        () => {
          if (index === all.length - 1) this.#looks = []
          this.#look()
        },
        { background: true },
      ),
    )
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
