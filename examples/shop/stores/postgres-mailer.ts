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
  return {
    async send(mail, key) {
      checkMailbox(mail)
      await pool.query(
        'INSERT INTO sent (key, recipient, subject) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
        [key, mail.to, mail.subject],
      )
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
