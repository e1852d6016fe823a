import type { Bus } from 'tidings'
import type { Group } from 'tidings/bus'
import type { Capabilities } from 'tidings/log'
import { allAccountedFor } from './account.ts'
import { analytics } from './analytics/analytics.ts'
import type { FiguresSoFar } from './analytics/figures.ts'
import { catalog, type ShopEvent } from './catalog/catalog.ts'
import { askOrdersAt } from './catalog/owner-of.ts'
import { type Failure, onFailure } from './failure.ts'
import { inventory } from './inventory/inventory.ts'
import type { Stock } from './inventory/stock.ts'
import type { SentMails } from './notifications/mailer.ts'
import { notifications } from './notifications/notifications.ts'
import { ordersApi } from './orders/http.ts'
import { mappings } from './orders/integration.ts'
import { listen } from './orders/listen.ts'
import type { OrdersService } from './orders/orders-service.ts'
import { ServiceProcess } from './split/service-process.ts'
import { openLog } from './stores/log.ts'
import type { Place } from './stores/place.ts'
import { storesAt } from './stores/stores.ts'

export interface ShopOptions {
  readonly place: Place
  /** Of the orders service; by default the usual one, or any other where that is taken. */
  readonly port?: number | undefined
  /** Whether the services that read the log run in processes of their own. Default false. */
  readonly split?: boolean | undefined
  /** Told of every delivery that failed. By default a line on stderr. */
  readonly failed?: ((failure: Failure) => void) | undefined
}

/** What everybody needs to know of a service's group. */
export type Reader = Pick<Group<ShopEvent>, 'name' | 'types' | 'run' | 'joined' | 'caughtUp'>

/** What the shop is made of. */
export interface ShopParts {
  readonly bus: Bus<Capabilities, ShopEvent>
  readonly place: Place
  readonly orders: OrdersService
  readonly ordersUrl: string
  readonly mailer: SentMails
  readonly figures: FiguresSoFar
  readonly stock: Stock
  readonly readers: readonly Reader[]
  /** From now on what the orders service commits comes into the log. */
  relay(): void
  /** Fulfils when what the orders service has committed so far is in the log. */
  published(): Promise<void>
}

/** The four services. They talk through events alone; without `split` they share a process. */
export interface Shop extends ShopParts, AsyncDisposable {
  /** Rejects when a service has lost the log for good; never fulfils. */
  readonly lost: Promise<never>
  /** Fulfils when every service has handled, or set aside as a dead letter, all that was published so far. */
  caughtUp(): Promise<void>
  /** Every service finishes what it is handling, while the orders service still answers; then the files are closed. */
  close(): Promise<void>
}

/**
 * Fulfils when every service is at work. The orders service is the first: the others may have to ask it.
 * When one cannot be opened, those before it are closed again, the last first, as they are by `close`.
 */
export async function openShop(options: ShopOptions): Promise<Shop> {
  await using opened = new AsyncDisposableStack()
  const parts = await openParts(options, opened)
  const { readers } = parts
  await Promise.all(readers.map((reader) => reader.joined()))
  // Not before: there are engines that keep nothing for who is yet to come.
  parts.relay()
  const lost = Promise.race(
    readers.map((reader) => reader.run().then(() => new Promise<never>(() => undefined))),
  )
  // For those who wait for it; to others it must not be an unhandled rejection.
  lost.catch(() => undefined)
  const all = opened.move()
  return {
    ...parts,
    lost,
    async caughtUp() {
      await parts.published()
      await Promise.all(readers.map((reader) => reader.caughtUp()))
      if (parts.bus.capabilities.lag !== 'exact') await allAccountedFor(parts)
    },
    close: () => all.disposeAsync(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

async function openParts(
  { place, port, split = false, failed }: ShopOptions,
  opened: AsyncDisposableStack,
): Promise<ShopParts> {
  const stores = storesAt(place)
  const closing = <Service extends { close(): unknown }>(service: Service): Service =>
    opened.adopt(service, async () => void (await service.close()))
  const mailer = closing(await stores.mailer())
  const figures = closing(await stores.figures())
  const stock = closing(await stores.stock())
  if (!split) stock.follow()
  const report = failed && onFailure(failed)
  const log = opened.use(await openLog(place, { source: '/orders-service', catalog, report }))
  const { bus } = log
  const orders = log.orders('/orders-service', mappings)
  const api = closing(await listen(ordersApi(orders), port))
  askOrdersAt(api.url)
  opened.defer(() => bus.drain())
  const groups = [notifications(bus, mailer), analytics(bus, figures), inventory(bus, stock)]
  const lagOf = async (name: string): Promise<number> =>
    (await bus.admin.lag(name)).reduce((sum, { lag }) => sum + lag, 0)
  const apart = { place, ordersUrl: api.url, lagOf, failed }
  const readers = split ? groups.map((group) => closing(new ServiceProcess(group, apart))) : groups
  const relay = (): void => log.relay()
  const published = (): Promise<void> => log.published()
  return { bus, place, orders, ordersUrl: api.url, mailer, figures, stock, readers, relay, published }
}
