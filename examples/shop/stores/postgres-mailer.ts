import type { Pool } from 'pg'
import { checkMailbox, type FakeMailer, type Mail } from '../notifications/mailer.ts'

/** Sent mails in PostgreSQL. */
export async function postgresMailer(pool: Pool): Promise<FakeMailer> {
  await pool.query(`
    CREATE TABLE IF NOT EXISTS sent (
      number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key text NOT NULL UNIQUE,
      recipient text NOT NULL,
      subject text NOT NULL
    )`)
  const outgoing = new Outgoing(pool)
  return {
    async send(mail, key) {
      checkMailbox(mail)
      await outgoing.send(mail, key)
    },
    async sent() {
      const { rows } = await pool.query<{ sent: string }>('SELECT count(*) AS sent FROM sent')
      return Number(rows[0]?.sent)
    },
    async latest(most) {
      const { rows } = await pool.query<Mail>(
        'SELECT recipient AS "to", subject FROM sent ORDER BY number DESC LIMIT $1',
        [most],
      )
      return rows
    },
    close: async () => undefined,
  }
}

/** Mails on their way: those that are sent while others are on theirs go together. */
class Outgoing {
  readonly #pool: Pool
  #waiting: (readonly [key: string, mail: Mail])[] = []
  #next: Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(pool: Pool) {
    this.#pool = pool
  }

  send(mail: Mail, key: string): Promise<void> {
    this.#waiting.push([key, mail])
    if (this.#next === undefined) {
      this.#next = this.#last.then(() => this.#sendAll())
      this.#last = this.#next.catch(() => undefined)
    }
    return this.#next
  }

  async #sendAll(): Promise<void> {
    const mails = this.#waiting
    this.#waiting = []
    this.#next = undefined
    await this.#pool.query(
      `INSERT INTO sent (key, recipient, subject)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING`,
      [mails.map(([key]) => key), mails.map(([, { to }]) => to), mails.map(([, { subject }]) => subject)],
    )
  }
}
