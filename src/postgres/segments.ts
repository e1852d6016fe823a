import { limits } from '../kernel/index.ts'
import type { Database } from './database.ts'
import { sqlState, stateOf } from './errors.ts'
import { only, time } from './sql.ts'

/** The tables that records lie in, by time: begins new ones, and drops those of which nothing is kept. */
export class Segments {
  readonly #database: Database
  #turning: Promise<void> | undefined

  constructor(database: Database) {
    this.#database = database
  }

  /** Begins the next segment when the newest is old or large, and drops what is over. For when retention has been applied. */
  turn(): Promise<void> {
    this.#turning ??= this.#turn().finally(() => {
      this.#turning = undefined
    })
    return this.#turning
  }

  async #turn(): Promise<void> {
    try {
      await this.#beginNext()
      const { schema, nowMs } = this.#database
      await this.#database.query(`SELECT ${schema}.drop_segments(${time('$1')})`, [nowMs])
    } catch (error) {
      // A statement that runs for long holds a lock on the records, as a dump does: the next time then.
      if (stateOf(error) !== sqlState.lockTimeout) throw error
    }
  }

  async #beginNext(): Promise<void> {
    const { schema, nowMs } = this.#database
    const { newest, age, bytes, segments } = only(
      await this.#database.query(
        `SELECT n.id AS newest, ${time('$1')} - n.begun_at AS age,
           pg_relation_size(('${schema}.record_' || n.id)::regclass) AS bytes,
           (SELECT count(*) FROM ${schema}.segment) AS segments
         FROM ${schema}.segment n ORDER BY n.id DESC LIMIT 1`,
        [nowMs],
      ),
    )
    const isFull = Number(age) >= limits.postgresSegmentMs || Number(bytes) >= limits.postgresSegmentBytes
    if (!isFull || Number(segments) >= limits.postgresSegments) return
    await this.#database.query(`SELECT ${schema}.begin_segment($1, ${time('$2')})`, [Number(newest), nowMs])
  }
}
