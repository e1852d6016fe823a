import { type Bus, exponential } from 'tidings'
import type { Group } from 'tidings/bus'
import type { Capabilities } from 'tidings/log'
import { orderCanceled, orderCreated, orderShipped, type ShopEvent } from '../catalog/catalog.ts'
import { firstEvent } from '../first-event.ts'
import type { Mailer } from './mailer.ts'
import { onItsWay, sorry, thankYou } from './mails.ts'

/** Writes to customers. A mail cannot be rolled back: the key makes sure that a repeated delivery sends nothing again. */
export function notifications(bus: Bus<Capabilities, ShopEvent>, mailer: Mailer): Group<ShopEvent> {
  return bus
    .group('notifications', {
      start: firstEvent(bus),
      sessionTimeout: '3s',
      retry: { attempts: 3, backoff: exponential('500ms', '5s') },
    })
    .on(orderCreated, ({ event, idempotencyKey }) => mailer.send(thankYou(event), idempotencyKey))
    .on(orderShipped, ({ event, idempotencyKey }) => mailer.send(onItsWay(event), idempotencyKey))
    .on(orderCanceled, ({ event, idempotencyKey }) => mailer.send(sorry(event), idempotencyKey))
}
