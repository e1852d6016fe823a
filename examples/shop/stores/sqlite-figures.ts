import { DatabaseSync } from 'node:sqlite'
import { sqliteInbox } from 'tidings/sqlite'
import type { Change, Figures } from '../analytics/figures.ts'
import { writingInbox } from './writing-inbox.ts'

/** The figures in a file of their own. */
export function sqliteFigures(file: string): Figures {
  const database = new DatabaseSync(file)
  database.exec(`
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
  const earn = database.prepare(
    'INSERT INTO revenue VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cents = cents + excluded.cents',
  )
  const count = database.prepare(
    'INSERT INTO status VALUES (?, 1) ON CONFLICT DO UPDATE SET orders = orders + 1',
  )
  const revenue = database.prepare('SELECT state, month, cents FROM revenue ORDER BY state, month')
  const total = database.prepare('SELECT coalesce(sum(cents), 0) AS cents FROM revenue')
  const statuses = database.prepare('SELECT status, orders FROM status ORDER BY status')
  const add = (change: Change): void => {
    count.run(change.status)
    if (change.revenue === undefined) return
    const { state, month, cents } = change.revenue
    earn.run(state, month, cents)
  }
  return {
    inbox: writingInbox(sqliteInbox(database), (transact, changes: readonly Change[]) =>
      transact(() => changes.forEach(add)),
    ),
    revenue: async () =>
      revenue.all().map(({ state, month, cents }) => ({
        state: String(state),
        month: String(month),
        cents: Number(cents),
      })),
    revenueCents: async () => Number(total.get()?.['cents']),
    statuses: async () =>
      Object.fromEntries(statuses.all().map(({ status, orders }) => [String(status), Number(orders)])),
    close: async () => database.close(),
  }
}
