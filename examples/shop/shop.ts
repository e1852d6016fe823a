import { openBus } from 'tidings'
import type { Bus, Group, Report } from 'tidings/bus'
import { type SqliteCapabilities, sqlite } from 'tidings/sqlite'
import { analytics } from './analytics/analytics.ts'
import { Figures } from './analytics/figures.ts'
import { catalog, type ShopEvent } from './catalog/catalog.ts'
import { inventory } from './inventory/inventory.ts'
import { Stock } from './inventory/stock.ts'
import { FakeMailer } from './notifications/fake-mailer.ts'
import { notifications } from './notifications/notifications.ts'
import { ordersApi } from './orders/http.ts'
import { type Listening, listen } from './orders/listen.ts'
import { OrdersService } from './orders/orders-service.ts'

export interface ShopOptions {
  /** The log's file; the services' own files lie beside it. */
  readonly file: string
  /** Of the orders service; by default the usual one, or any other where that is taken. */
  readonly port?: number | undefined
  /** Told of every delivery; by default a line on stderr for each that failed. */
  readonly report?: Report | undefined
}

/** What everybody needs to know of a service's group. */
export type Reader = Pick<Group<ShopEvent>, 'name' | 'types' | 'run' | 'joined' | 'caughtUp'>

/** The four services. They talk through events alone, and share a process only because this is an example. */
export class Shop implements AsyncDisposable {
  readonly bus: Bus<SqliteCapabilities, ShopEvent>
  readonly file: string
  readonly orders: OrdersService
  readonly ordersUrl: string
  readonly mailer: FakeMailer
  readonly figures: Figures
  readonly stock: Stock
  readonly readers: readonly Reader[]
  /** Rejects when a service has lost the log for good; never fulfils. */
  readonly lost: Promise<never>
  readonly #api: Listening

  /** Use {@link openShop}. */
  constructor(bus: Bus<SqliteCapabilities, ShopEvent>, file: string, orders: OrdersService, api: Listening) {
    this.bus = bus
    this.file = file
    this.orders = orders
    this.ordersUrl = api.url
    this.#api = api
    this.mailer = new FakeMailer(beside(file, 'mails'))
    this.figures = new Figures(beside(file, 'analytics'))
    this.stock = new Stock(beside(file, 'inventory'))
    this.readers = [notifications(bus, this.mailer), analytics(bus, this.figures), inventory(bus, this.stock)]
    this.lost = new Promise((_, reject) => {
      for (const reader of this.readers) reader.run().catch(reject)
    })
  }

  /** Fulfils when every service has handled, or set aside as a dead letter, all that was published so far. */
  async caughtUp(): Promise<void> {
    await Promise.all(this.readers.map((reader) => reader.caughtUp()))
  }

  /** Every service finishes what it is handling, while the orders service still answers; then the files are closed. */
  async close(): Promise<void> {
    await this.bus.drain()
    await this.#api.close()
    await this.bus.close()
    this.mailer.close()
    this.figures.close()
    this.stock.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Fulfils when every service is at work. The orders service is the first: the others may have to ask it. */
export async function openShop({ file, port, report }: ShopOptions): Promise<Shop> {
  const engine = await sqlite(file)
  const bus = await openBus({ transport: engine, source: '/orders-service', catalog, report })
  const orders = new OrdersService(engine, bus)
  const api = await listen(ordersApi(orders), port).catch(async (error: unknown) => {
    await bus.close()
    throw error
  })
  process.env['ORDERS_URL'] = api.url
  const shop = new Shop(bus, file, orders, api)
  await Promise.all(shop.readers.map((reader) => reader.joined()))
  return shop
}

/** shop.db has shop.mails.db beside it. */
function beside(file: string, service: string): string {
  return `${file.replace(/\.db$/, '')}.${service}.db`
}
