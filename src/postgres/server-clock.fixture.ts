import { setImmediate as nextTurn } from 'node:timers/promises'
import type pg from 'pg'
import { VirtualClock } from '../testing/index.ts'
import type { PostgresClient, PostgresPool, PostgresResult } from './query.ts'

/** Turns of the event loop without a statement under way until what was begun has come to rest. */
const quietTurns = 3

/**
 * A virtual clock beside a real server: time moves once the server has answered all that was asked, so that no test waits
 * for anything but that.
 */
export class ServerClock extends VirtualClock {
  #underWay = 0

  /** The pool, with its statements counted as under way. */
  attend(pool: pg.Pool): PostgresPool {
    return {
      query: (text, values) => this.#count(pool.query(text, values)),
      connect: async () => {
        const client = await this.#count(pool.connect())
        const attended: PostgresClient = {
          query: (text, values): Promise<PostgresResult> => this.#count(client.query(text, values)),
          release: (broken) => client.release(broken),
          on: (...args: [never, never]) => client.on(...args),
        }
        return attended
      },
    }
  }

  override async advance(ms: number): Promise<void> {
    await this.#settled()
    for (let leftMs = ms; leftMs > 0; ) {
      const stepMs = Math.min(leftMs, Math.max(this.untilNextMs ?? leftMs, 0.001))
      await super.advance(stepMs)
      await this.#settled()
      leftMs -= stepMs
    }
  }

  async #count<Result>(statement: Promise<Result>): Promise<Result> {
    this.#underWay += 1
    try {
      return await statement
    } finally {
      this.#underWay -= 1
    }
  }

  async #settled(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; ) {
      await nextTurn()
      quiet = this.#underWay === 0 ? quiet + 1 : 0
    }
  }
}
