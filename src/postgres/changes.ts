import { type Clock, Listeners, limits, type Timer } from '../kernel/index.ts'
import type { Database } from './database.ts'
import type { Session } from './session.ts'

/** What was written. */
export interface Written {
  /** Names of partitions that got records. */
  readonly partitions?: readonly string[]
  /** Groups whose state has changed. */
  readonly groups?: readonly string[]
  readonly delayed?: boolean
  readonly deadLetters?: boolean
  readonly streams?: boolean
}

/** A notification holds less than 8,000 bytes: one that would be longer says that anything may have been written. */
const longestPayload = 7_000

/**
 * Tells listeners what others have written: undefined when it may have been anything. One notification stands for all that
 * was written since the one before: each takes a lock that all commits of the server share. It is sent after the commit, so
 * one may be missing when its process dies in between: every `limits.postgresLookMs` listeners are told all the same, and
 * more often where nothing can be notified.
 */
export class Changes {
  readonly #database: Database
  readonly #session: Session
  readonly #clock: Clock
  readonly #listeners = new Listeners<[Written | undefined]>()
  #stopListening: (() => void) | undefined
  #look: Timer | undefined
  #pending: Written[] = []
  #notifying = false

  constructor(database: Database, session: Session) {
    this.#database = database
    this.#session = session
    this.#clock = database.timers
  }

  /** Calls back when another process has written, or may have. Returns how to stop. */
  watch(listener: (written: Written | undefined) => void): () => void {
    const stop = this.#listeners.add(listener)
    this.#stopListening ??= this.#listen()
    return () => {
      stop()
      if (this.#listeners.size === 0) this.close()
    }
  }

  /** Tells other processes what was written and has committed; it does not wait for that. */
  announce(written: Written): void {
    this.#pending.push(written)
    if (!this.#notifying) void this.#notify()
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
      while (this.#pending.length > 0) {
        const together = this.#pending
        this.#pending = []
        await this.#database.query(...this.#session.notification(payloadOf(together)))
      }
    } catch {
      // What was written is durable; whoever waits for it looks, too.
    } finally {
      this.#notifying = false
    }
  }

  #listen(): () => void {
    this.#arm()
    return this.#session.listen((payload) => {
      this.#listeners.tell(payload === undefined || payload === '' ? undefined : writtenOf(payload))
    })
  }

  #arm(): void {
    const everyMs = this.#session.isImpossible ? limits.postgresPollMs : limits.postgresLookMs
    this.#look = this.#clock.schedule(
      everyMs,
      () => {
        this.#listeners.tell(undefined)
        if (this.#stopListening !== undefined) this.#arm()
      },
      { background: true },
    )
  }
}

/** Empty when it would be too long. */
function payloadOf(together: readonly Written[]): string {
  const all = (names: (written: Written) => readonly string[] | undefined): readonly string[] | undefined => {
    const set = new Set(together.flatMap((each) => names(each) ?? []))
    return set.size === 0 ? undefined : [...set]
  }
  const any = (has: (written: Written) => boolean | undefined): true | undefined =>
    together.some((each) => has(each) === true) || undefined
  const payload = JSON.stringify({
    partitions: all(({ partitions }) => partitions),
    groups: all(({ groups }) => groups),
    delayed: any(({ delayed }) => delayed),
    deadLetters: any(({ deadLetters }) => deadLetters),
    streams: any(({ streams }) => streams),
  })
  return Buffer.byteLength(payload) > longestPayload ? '' : payload
}

/** Undefined for what another version of this program may say. */
function writtenOf(payload: string): Written | undefined {
  try {
    const written: unknown = JSON.parse(payload)
    return typeof written === 'object' && written !== null ? written : undefined
  } catch {
    return undefined
  }
}
