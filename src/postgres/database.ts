import { type Clock, checkOptionNames, isTidingsError, systemClock, TidingsError } from '../kernel/index.ts'
import { isOfConnection, postgresError } from './errors.ts'
import { checkTables } from './migrate.ts'
import type { PostgresClient, PostgresPool, PostgresQuery } from './query.ts'
import { connectionOf, openSource, type PostgresSource, schemaOf } from './source.ts'
import { quoted, type Row } from './sql.ts'

export interface PostgresOptions {
  /** Where Tidings has its tables: a schema of its own. Default `tidings`, or `?schema=` of the URL. */
  readonly schema?: string | undefined
  /** False to create nothing: what is missing is then an error. Default true. */
  readonly create?: boolean | undefined
  /** Default: the server's clock, which all processes share. */
  readonly clock?: Clock | undefined
}

const optionNames = { schema: true, create: true, clock: true } as const satisfies Record<
  keyof PostgresOptions,
  true
>

/** How the stores reach their tables. Connects, and looks whether the tables are there, with the first statement. */
export class Database {
  /** Quoted, as it stands before the names of tables. */
  readonly schema: string
  readonly schemaName: string
  readonly clock: Clock
  readonly #source: PostgresSource
  readonly #create: boolean
  #opened: Promise<PostgresPool> | undefined
  #identity: string | undefined
  readonly #underWay = new Set<Promise<unknown>>()
  #closed = false
  #closing: Promise<void> | undefined

  /** @param called what was called, for errors. @throws `option_invalid`, `url_invalid` */
  constructor(source: PostgresSource, options: PostgresOptions, called: string) {
    checkOptionNames(called, options, optionNames)
    const { schema, create = true, clock = systemClock } = options
    this.schemaName = schemaOf(source, schema)
    this.schema = quoted(this.schemaName)
    this.clock = clock
    this.#source = source
    this.#create = create
  }

  /** Undefined for a pool of the caller's. */
  get url(): string | undefined {
    return typeof this.#source === 'string' ? this.#source : undefined
  }

  /** What tells this set of tables from that of another database; undefined until the first statement. */
  get identity(): string | undefined {
    return this.#identity
  }

  /** The time for `time`: undefined for the server's own. */
  get nowMs(): number | null {
    return this.clock === systemClock ? null : this.clock.now()
  }

  /** For waiting: what happens beside a test's clock is of no use to it. */
  get timers(): Clock {
    return this.clock
  }

  /** Connects and checks the tables. @throws `tables_missing`, `tables_version`, `access_denied`, `engine_unreachable`. */
  async open(): Promise<PostgresPool> {
    if (this.#closed) throw closed()
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined
      throw postgresError(error)
    })
    return this.#opened
  }

  /** One statement, a transaction of its own. */
  query(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#attend(this.#query(text, values))
  }

  async #query(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    const pool = await this.open()
    try {
      const { rows } = await pool.query(text, [...values])
      return rows as readonly Row[]
    } catch (error) {
      throw this.#errorOf(error)
    }
  }

  /**
   * Runs in a transaction: it commits when the function fulfils, and rolls back when it rejects. A connection that is lost
   * meanwhile is `engine_unreachable`; while it is there, an error of another connection passes as it is.
   */
  transaction<Result>(run: (client: PostgresClient) => Promise<Result>): Promise<Result> {
    return this.#attend(this.#transaction(run))
  }

  async #transaction<Result>(run: (client: PostgresClient) => Promise<Result>): Promise<Result> {
    const client = await this.connect()
    let broken: Error | undefined
    try {
      await client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE')
      const result = await run(client)
      const { command } = await client.query('COMMIT')
      if (command === 'ROLLBACK') throw rolledBack()
      return result
    } catch (error) {
      broken = await rollback(client)
      throw broken === undefined ? this.#errorWhileConnected(error) : this.#errorWhenLost(error, broken)
    } finally {
      client.release(broken)
    }
  }

  /** A connection of the pool, to be released. */
  async connect(): Promise<PostgresClient> {
    const pool = await this.open()
    try {
      return await connectionOf(pool)
    } catch (error) {
      throw this.#errorOf(error)
    }
  }

  /** Fulfils when nothing is under way any more, and ends a pool that was made here from a URL. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const opened = this.#opened
    this.#closed = true
    await opened?.catch(() => undefined)
    await Promise.allSettled(this.#underWay)
    await this.#end()
  }

  /** So that `close` waits for it: on a pool of the caller's nothing runs later than that. */
  async #attend<Result>(work: Promise<Result>): Promise<Result> {
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }

  async #open(): Promise<PostgresPool> {
    const { pool, end } = await openSource(this.#source)
    try {
      this.#identity = await checkTables(pool, this.schemaName, this.#create)
    } catch (error) {
      await end()
      throw error
    }
    this.#end = end
    return pool
  }

  #end: () => Promise<void> = async () => undefined

  #errorWhileConnected(error: unknown): unknown {
    return isOfConnection(error) ? error : this.#errorOf(error)
  }

  /** What says why it is lost, where that is known; never what something else has thrown meanwhile. */
  #errorWhenLost(error: unknown, lost: Error): Error {
    const known = this.#errorOf(error)
    return known !== error && isTidingsError(known, 'engine_unreachable') ? known : lost
  }

  #errorOf(error: unknown): Error {
    return this.#closed && !(error instanceof TidingsError) ? closed(error) : postgresError(error)
  }
}

async function rollback(client: PostgresQuery): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK')
    return undefined
  } catch (error) {
    return postgresError(error)
  }
}

function rolledBack(): TidingsError {
  return new TidingsError(
    'transaction_invalid',
    'A statement of this transaction had failed, so that PostgreSQL rolled it back instead of committing it. Let the error of a statement reject, or run what may fail inside a SAVEPOINT.',
  )
}

function closed(cause?: unknown): TidingsError {
  return new TidingsError(
    'engine_closed',
    'The connection to PostgreSQL was closed before this call. Close the bus, the engine and the stores last.',
    { cause },
  )
}
