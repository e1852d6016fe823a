import type { Figures } from '../analytics/figures.ts'
import type { Stock } from '../inventory/stock.ts'
import type { FakeMailer } from '../notifications/mailer.ts'
import type { FilePlace, Place, ServerPlace } from './place.ts'
import { postgresFigures } from './postgres-figures.ts'
import { postgresMailer } from './postgres-mailer.ts'
import { openPool, type ServicePool } from './postgres-pool.ts'
import { postgresStock } from './postgres-stock.ts'
import { sqliteFigures } from './sqlite-figures.ts'
import { sqliteMailer } from './sqlite-mailer.ts'
import { sqliteStock } from './sqlite-stock.ts'

/** Opens the data of the services that read the log; each is its own. What the orders service has is in `log.ts`. */
export interface Stores {
  mailer(): Promise<FakeMailer>
  figures(): Promise<Figures>
  stock(): Promise<Stock>
}

export function storesAt(place: Place): Stores {
  return 'store' in place ? postgresStores(place) : sqliteStores(place)
}

/** shop.db has shop.mails.db beside it. */
function sqliteStores({ file }: FilePlace): Stores {
  const beside = (service: string): string => `${file.replace(/\.db$/, '')}.${service}.db`
  return {
    mailer: async () => sqliteMailer(beside('mails')),
    figures: async () => sqliteFigures(beside('analytics')),
    stock: async () => sqliteStock(beside('inventory')),
  }
}

/** A schema for each service. */
function postgresStores({ store }: ServerPlace): Stores {
  return {
    // A mail service elsewhere would not make us wait for its disk either.
    mailer: () => inPool(store, 'mails', ({ pool }) => postgresMailer(pool), { synchronous_commit: 'off' }),
    figures: () => inPool(store, 'analytics', ({ pool, schema }) => postgresFigures(pool, schema)),
    stock: () => inPool(store, 'inventory', async ({ pool, schema }) => postgresStock(pool, schema)),
  }
}

/** The data of a service, whose `close` also ends its connections. */
async function inPool<Data extends { close(): Promise<void> }>(
  store: string,
  service: string,
  open: (from: ServicePool) => Promise<Data>,
  settings?: Readonly<Record<string, string>>,
): Promise<Data> {
  await using opened = new AsyncDisposableStack()
  const data = await open(opened.use(await openPool(store, service, settings)))
  opened.adopt(data, (each) => each.close())
  const all = opened.move()
  return { ...data, close: () => all.disposeAsync() }
}
