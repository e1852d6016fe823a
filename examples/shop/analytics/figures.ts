import { DatabaseSync, type StatementSync } from 'node:sqlite'

export interface Revenue {
  readonly state: string
  /** Such as 2017-11. */
  readonly month: string
  readonly cents: number
}

/** The figures of the business, in a file of their own. */
export class Figures {
  readonly database: DatabaseSync
  readonly #earn: StatementSync
  readonly #count: StatementSync
  readonly #revenue: StatementSync
  readonly #total: StatementSync
  readonly #statuses: StatementSync

  constructor(file: string) {
    this.database = new DatabaseSync(file)
    this.database.exec(`
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS revenue (
        state TEXT NOT NULL,
        month TEXT NOT NULL,
        cents INTEGER NOT NULL,
        PRIMARY KEY (state, month)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS status (
        status TEXT PRIMARY KEY,
        orders INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`)
    this.#earn = this.database.prepare(
      'INSERT INTO revenue VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cents = cents + excluded.cents',
    )
    this.#count = this.database.prepare(
      'INSERT INTO status VALUES (?, 1) ON CONFLICT DO UPDATE SET orders = orders + 1',
    )
    this.#revenue = this.database.prepare('SELECT state, month, cents FROM revenue ORDER BY state, month')
    this.#total = this.database.prepare('SELECT coalesce(sum(cents), 0) AS cents FROM revenue')
    this.#statuses = this.database.prepare('SELECT status, orders FROM status ORDER BY status')
  }

  earn({ state, month, cents }: Revenue): void {
    this.#earn.run(state, month, cents)
  }

  /** One more order has reached this status. */
  countStatus(status: string): void {
    this.#count.run(status)
  }

  get revenue(): Revenue[] {
    return this.#revenue.all().map(({ state, month, cents }) => ({
      state: String(state),
      month: String(month),
      cents: Number(cents),
    }))
  }

  get revenueCents(): number {
    return Number(this.#total.get()?.['cents'])
  }

  /** How many orders have reached each status. */
  get statuses(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#statuses.all().map(({ status, orders }) => [String(status), Number(orders)]),
    )
  }

  close(): void {
    this.database.close()
  }
}
