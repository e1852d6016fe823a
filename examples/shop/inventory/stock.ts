import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** How many items of each product were sold, in a file of its own. */
export class Stock {
  readonly database: DatabaseSync
  readonly #sell: StatementSync
  readonly #sold: StatementSync
  readonly #total: StatementSync

  constructor(file: string) {
    this.database = new DatabaseSync(file)
    this.database.exec(`
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS sold (
        product_id TEXT PRIMARY KEY,
        items INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`)
    this.#sell = this.database.prepare(
      'INSERT INTO sold VALUES (?, 1) ON CONFLICT DO UPDATE SET items = items + 1',
    )
    this.#sold = this.database.prepare('SELECT items FROM sold WHERE product_id = ?')
    this.#total = this.database.prepare('SELECT coalesce(sum(items), 0) AS items FROM sold')
  }

  sell(productId: string): void {
    this.#sell.run(productId)
  }

  sold(productId: string): number {
    return Number(this.#sold.get(productId)?.['items'] ?? 0)
  }

  get totalSold(): number {
    return Number(this.#total.get()?.['items'])
  }

  close(): void {
    this.database.close()
  }
}
