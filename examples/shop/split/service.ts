/**
 * One service that reads the log as a process of its own: `node service.ts NAME PLACE [tell]`, the place as JSON. Says when it has joined
 * its group, with `tell` which deliveries failed, and ends when whoever started it lets go of it, or is gone.
 */
import type { Bus } from 'tidings'
import type { Capabilities } from 'tidings/log'
import { analytics } from '../analytics/analytics.ts'
import { catalog, type ShopEvent } from '../catalog/catalog.ts'
import { type Failure, onFailure } from '../failure.ts'
import { inventory } from '../inventory/inventory.ts'
import { notifications } from '../notifications/notifications.ts'
import type { Reader } from '../shop.ts'
import { joinLog } from '../stores/log.ts'
import type { Place } from '../stores/place.ts'
import { type Stores, storesAt } from '../stores/stores.ts'

type Closing = <Data extends { close(): Promise<void> }>(data: Data) => Data
type Open = (bus: Bus<Capabilities, ShopEvent>, stores: Stores, closing: Closing) => Promise<Reader>

const services: Readonly<Record<string, Open>> = {
  notifications: async (bus, stores, closing) => notifications(bus, closing(await stores.mailer())),
  analytics: async (bus, stores, closing) => analytics(bus, closing(await stores.figures())),
  inventory: async (bus, stores, closing) => {
    const stock = closing(await stores.stock())
    stock.follow()
    return inventory(bus, stock)
  },
}

const [name = '', json = '', tells] = process.argv.slice(2)
const place: Place = JSON.parse(json)
// While this program was loaded it may have been let go already.
const letGo = process.connected
  ? new Promise<void>((resolve) => process.once('disconnect', resolve))
  : Promise.resolve()
// Ctrl-C in a terminal reaches all processes; this one ends with the shop.
process.on('SIGINT', () => undefined)

await using opened = new AsyncDisposableStack()
const closing: Closing = (data) => opened.adopt(data, (each) => each.close())
const open = services[name]
if (open === undefined) throw new Error(`There is no service ${JSON.stringify(name)}.`)
const tell = (message: Failure | 'joined'): void => {
  if (process.connected) process.send?.(message)
}
const report = tells === undefined ? undefined : onFailure(tell)
const bus = await joinLog(place, { source: '/orders-service', catalog, report, drainOn: ['SIGTERM'] })
const reader = await open(bus, storesAt(place), closing)
opened.defer(() => bus.close())
await reader.joined()
tell('joined')
await Promise.race([reader.run(), letGo])
