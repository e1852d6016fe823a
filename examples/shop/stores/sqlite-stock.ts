import { DatabaseSync } from 'node:sqlite'
import { sqliteProjections, sqliteStreams } from 'tidings/sqlite'
import { sold } from '../inventory/sold.ts'
import { openStock, type Stock } from '../inventory/stock.ts'

/** The stock in a file of its own. */
export function sqliteStock(file: string): Stock {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  return openStock({
    streams: sqliteStreams(database),
    projections: sqliteProjections(database),
    sold,
    totalIn: async (table) =>
      Number(database.prepare(`SELECT coalesce(sum(pieces), 0) AS pieces FROM ${table}`).get()?.['pieces']),
    close: async () => database.close(),
  })
}
