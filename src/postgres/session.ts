import { randomUUID } from 'node:crypto'
import { Listeners, limits, sleep, type Timer } from '../kernel/index.ts'
import type { Database } from './database.ts'
import type { PostgresClient } from './query.ts'

const releaseLock = 'SELECT pg_advisory_unlock(hashtextextended($1, 0))'

/**
 * A connection that is kept: for LISTEN and for locks that end with it. Behind a pooler in transaction mode there is no
 * such thing, since every statement may run on another connection: that is found out by a notification to oneself, and
 * said once, as a warning of the process.
 */
export class Session {
  readonly #database: Database
  readonly #channel: string
  readonly #sender: string = randomUUID()
  readonly #listeners = new Listeners<[string | undefined]>()
  /** By name, who in this process has it. */
  readonly #locks = new Map<string, string>()
  #opened: Promise<PostgresClient | undefined> | undefined
  #client: PostgresClient | undefined
  #retry: Timer | undefined
  #impossible = false
  #closed = false

  constructor(database: Database) {
    this.#database = database
    this.#channel = `tidings_${database.schemaName}`
  }

  /** Behind a pooler that keeps no connections, as far as is known. */
  get isImpossible(): boolean {
    return this.#impossible
  }

  /** Calls back with what others notify, and with undefined when something may have been missed. Returns how to stop. */
  listen(listener: (payload: string | undefined) => void): () => void {
    const stop = this.#listeners.add(listener)
    void this.#open()
    return () => {
      stop()
      this.#rest()
    }
  }

  /**
   * A statement that tells all other sessions, and its values. Its commit is not waited for to be on disk: it has nothing
   * that a crash would leave anybody waiting for.
   */
  notification(what: string): readonly [text: string, values: readonly string[]] {
    return [
      "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)",
      [this.#channel, `${this.#sender} ${what}`],
    ]
  }

  /** Whether a holder has the lock now: it had it, or got it. Other holders are in other sessions, or in this. */
  async tryLock(name: string, holder: string): Promise<boolean> {
    const client = await this.#open()
    if (client === undefined) return false
    try {
      const known = this.#locks.get(name)
      if (known !== undefined) {
        // Else the loss of the connection might not be known yet.
        await client.query('SELECT 1')
        return known === holder && this.#locks.get(name) === holder
      }
      const { rows } = await client.query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked', [
        name,
      ])
      if (!(rows[0] as { readonly locked: boolean }).locked) return false
      // A session gets its own lock as often as it asks: another here has asked at the same time.
      if (this.#locks.has(name)) await client.query(releaseLock, [name])
      else this.#locks.set(name, holder)
      return this.#locks.get(name) === holder
    } catch {
      this.#lose(client)
      return false
    }
  }

  async unlock(name: string, holder: string): Promise<void> {
    if (this.#locks.get(name) !== holder) return
    this.#locks.delete(name)
    const client = await this.#open()
    try {
      await client?.query(releaseLock, [name])
    } catch {
      if (client !== undefined) this.#lose(client)
    }
    this.#rest()
  }

  /** The pool has its connection back while nobody needs it: one that is to end waits for all. */
  #rest(): void {
    if (this.#closed || this.#locks.size > 0 || this.#listeners.size > 0) return
    this.#retry?.cancel()
    const client = this.#client
    if (client === undefined) return
    this.#client = undefined
    this.#opened = undefined
    client.release(true)
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true
    this.#retry?.cancel()
    this.#listeners.clear()
    await this.#opened
    const client = this.#client
    this.#client = undefined
    // Not given back to the pool: it listens, and may hold locks.
    client?.release(true)
  }

  #open(): Promise<PostgresClient | undefined> {
    if (this.#closed || this.#impossible) return Promise.resolve(undefined)
    this.#opened ??= this.#connect().catch(() => {
      this.#opened = undefined
      this.#retryLater()
      return undefined
    })
    return this.#opened
  }

  async #connect(): Promise<PostgresClient | undefined> {
    const client = await this.#database.connect()
    try {
      client.on('error', () => this.#lose(client))
      if (await this.#hearsItself(client)) {
        client.on('notification', ({ channel, payload = '' }) => this.#tell(channel, payload))
        this.#client = client
        return client
      }
    } catch (error) {
      client.release(true)
      throw error
    }
    client.release(true)
    this.#impossible = true
    sayOnce()
    return undefined
  }

  async #hearsItself(client: PostgresClient): Promise<boolean> {
    const probe = randomUUID()
    const heard = new Promise<true>((resolve) => {
      client.on('notification', ({ payload }) => payload === `${this.#sender} ${probe}` && resolve(true))
    })
    await client.query(`LISTEN ${this.#channel}`)
    await this.#database.query(...this.notification(probe))
    const patience = sleep(this.#database.timers, limits.postgresProbeMs).then(() => false)
    return Promise.race([heard, patience])
  }

  /** The connection is gone, and its locks with it. */
  #lose(client: PostgresClient): void {
    if (client !== this.#client) return
    this.#client = undefined
    this.#opened = undefined
    this.#locks.clear()
    client.release(true)
    this.#listeners.tell(undefined)
    this.#retryLater()
  }

  #retryLater(): void {
    if (this.#closed || this.#listeners.size === 0) return
    this.#retry = this.#database.timers.schedule(
      limits.postgresRetryMs,
      () => {
        void this.#open().then((client) => client && this.#listeners.tell(undefined))
      },
      { background: true },
    )
  }

  #tell(channel: string, payload: string): void {
    const own = `${this.#sender} `
    if (channel === this.#channel && !payload.startsWith(own)) this.#listeners.tell(payload.slice(own.length))
  }
}

let said = false

function sayOnce(): void {
  if (said) return
  said = true
  process.emitWarning(
    `PostgreSQL is behind a pooler that does not keep connections, so that nothing can be notified: new events are looked for every ${limits.postgresPollMs} ms, and leases alone say which relay is at work.`,
  )
}
