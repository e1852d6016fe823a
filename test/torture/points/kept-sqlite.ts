import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type SqliteTransaction, sqliteInbox, sqliteOutbox } from '../../../src/sqlite/index.ts'
import { createEffects, effectInbox, readEffects } from '../effects.ts'
import type { Kept, Order } from './kept.ts'

/** In two SQLite files: one for the orders and their outbox, one for the effects and their inbox. */
export async function keptInSqlite(folder: string): Promise<Kept<SqliteTransaction>> {
  const service = opened(join(folder, 'service.db'))
  service.exec(
    'CREATE TABLE IF NOT EXISTS customer_order (place INTEGER PRIMARY KEY, key TEXT, number INTEGER) STRICT',
  )
  const effects = opened(join(folder, 'inbox.db'))
  createEffects(effects)
  const outbox = sqliteOutbox(service)
  const inbox = effectInbox(sqliteInbox(effects))
  const insert = service.prepare('INSERT INTO customer_order (key, number) VALUES (?, ?)')
  const select = service.prepare('SELECT key, number FROM customer_order ORDER BY place')
  return {
    outbox,
    inbox,
    async order({ key, number }, end, write) {
      service.exec('BEGIN TRANSACTION')
      insert.run(key, number)
      write(service)
      service.exec(end === 'commit' ? 'COMMIT TRANSACTION' : 'ROLLBACK TRANSACTION')
    },
    orders: async () => select.all() as unknown as readonly Order[],
    effects: async () => readEffects(effects),
    async close() {
      await outbox.close()
      await inbox.close()
      service.close()
      effects.close()
    },
  }
}

function opened(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5_000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  return database
}
