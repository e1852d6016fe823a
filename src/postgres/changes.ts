import { type Clock, Listeners, limits, type Timer } from '../kernel/index.ts'
import type { Database } from './database.ts'
import type { Session } from './session.ts'

/**
 * Tells listeners of what others have written, in this process or another. One notification stands for all that was written
 * since the one before: each takes a lock that all commits of the server share. It is sent after the commit, so one may be
 * missing when its process dies in between: every `limits.postgresLookMs` listeners are told all the same, and more often
 * where nothing can be notified.
 */
export class Changes {
  readonly #database: Database
  readonly #session: Session
  readonly #what: string
  readonly #clock: Clock
  readonly #listeners = new Listeners()
  #stopListening: (() => void) | undefined
  #look: Timer | undefined
  #notifying = false
  #again = false

  /** @param what is written: listeners of other things are not told. */
  constructor(database: Database, session: Session, what: string) {
    this.#database = database
    this.#session = session
    this.#what = what
    this.#clock = database.timers
  }

  /** Calls back when somebody else may have written. Returns how to stop. */
  watch(listener: () => void): () => void {
    const stop = this.#listeners.add(listener)
    this.#stopListening ??= this.#listen()
    return () => {
      stop()
      if (this.#listeners.size === 0) this.close()
    }
  }

  /** Tells other processes that something was written and has committed; it does not wait for that. */
  announce(): void {
    if (this.#notifying) this.#again = true
    else void this.#notify()
  }

  close(): void {
    this.#listeners.clear()
    this.#stopListening?.()
    this.#stopListening = undefined
    this.#look?.cancel()
  }

  async #notify(): Promise<void> {
    this.#notifying = true
    try {
      do {
        this.#again = false
        await this.#database.query(...this.#session.notification(this.#what))
      } while (this.#again)
    } catch {
      // What was written is durable; whoever waits for it looks, too.
    } finally {
      this.#notifying = false
    }
  }

  #listen(): () => void {
    this.#arm()
    return this.#session.listen((notified) => {
      if (notified === undefined || notified.what === this.#what) this.#listeners.tell()
    })
  }

  #arm(): void {
    const everyMs = this.#session.isImpossible ? limits.postgresPollMs : limits.postgresLookMs
    this.#look = this.#clock.schedule(
      everyMs,
      () => {
        this.#listeners.tell()
        if (this.#stopListening !== undefined) this.#arm()
      },
      { background: true },
    )
  }
}
