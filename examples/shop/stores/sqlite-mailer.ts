import { DatabaseSync } from 'node:sqlite'
import { checkMailbox, type FakeMailer } from '../notifications/mailer.ts'

/** Sent mails in a file of their own. */
export function sqliteMailer(file: string): FakeMailer {
  const database = new DatabaseSync(file)
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS sent (
      number INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      recipient TEXT NOT NULL,
      subject TEXT NOT NULL
    ) STRICT`)
  const insert = database.prepare(
    'INSERT INTO sent (key, recipient, subject) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const latest = database.prepare('SELECT recipient, subject FROM sent ORDER BY number DESC LIMIT ?')
  const count = database.prepare('SELECT count(*) AS sent FROM sent')
  return {
    async send(mail, key) {
      checkMailbox(mail)
      insert.run(key, mail.to, mail.subject)
    },
    sent: async () => Number(count.get()?.['sent']),
    latest: async (most) =>
      latest.all(most).map(({ recipient, subject }) => ({ to: String(recipient), subject: String(subject) })),
    close: async () => database.close(),
  }
}
