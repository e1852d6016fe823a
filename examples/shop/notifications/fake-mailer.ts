import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Mail, Mailer } from './mailer.ts'

/** What mail services call the address that never accepts anything. */
const bouncing = 'bounce@'

/** Stands for a mail service elsewhere: it remembers what it has sent, in a file of its own, and lets some mail bounce. */
export class FakeMailer implements Mailer {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #latest: StatementSync
  readonly #count: StatementSync

  constructor(file: string) {
    this.#database = new DatabaseSync(file)
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS sent (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL
      ) STRICT`)
    this.#insert = this.#database.prepare(
      'INSERT INTO sent (key, recipient, subject) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#latest = this.#database.prepare('SELECT recipient, subject FROM sent ORDER BY number DESC LIMIT ?')
    this.#count = this.#database.prepare('SELECT count(*) AS sent FROM sent')
  }

  async send({ to, subject }: Mail, key: string): Promise<void> {
    if (to.startsWith(bouncing)) throw new Error(`550 ${to}: mailbox unavailable`)
    this.#insert.run(key, to, subject)
  }

  get sent(): number {
    return Number(this.#count.get()?.['sent'])
  }

  /** The latest first. */
  latest(most: number): Mail[] {
    return this.#latest.all(most).map(({ recipient, subject }) => ({
      to: String(recipient),
      subject: String(subject),
    }))
  }

  close(): void {
    this.#database.close()
  }
}
