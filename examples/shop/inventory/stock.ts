import { DatabaseSync } from 'node:sqlite'
import { type SqliteTransaction, sqliteProjections, sqliteStreams } from 'tidings/sqlite'
import {
  type CommandOptions,
  openProjections,
  openStreams,
  type Projections,
  type Streams,
} from 'tidings/streams'
import { product, type Sell } from './product.ts'
import { sold } from './sold.ts'

/** What is sold of each product: a stream for every product, and a table of all, in a file of its own. */
export class Stock {
  readonly #database: DatabaseSync
  readonly #streams: Streams<SqliteTransaction>
  readonly #projections: Projections<SqliteTransaction>

  constructor(file: string) {
    this.#database = new DatabaseSync(file)
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    const store = sqliteStreams(this.#database)
    this.#streams = openStreams({ store, source: '/inventory-service' })
    this.#projections = openProjections({
      streams: store,
      store: sqliteProjections(this.#database),
      projections: [sold],
    })
  }

  /** Counts pieces as sold, once for a delivery. */
  async sell(productId: string, sell: Sell, delivery: CommandOptions): Promise<void> {
    await this.#streams.execute(product, productId, sell, delivery)
  }

  async sold(productId: string): Promise<number> {
    return (await this.#streams.load(product, productId)).state.soldPieces
  }

  /** Of all products, as the read model has it once it has caught up. */
  async totalSold(): Promise<number> {
    await this.#projections.catchUp()
    const table = await this.#projections.tableOf(sold.name)
    return Number(
      this.#database.prepare(`SELECT coalesce(sum(pieces), 0) AS pieces FROM ${table}`).get()?.['pieces'],
    )
  }

  async close(): Promise<void> {
    await this.#streams.close()
    this.#database.close()
  }
}
