import { mapEvent } from 'tidings/streams'
import * as told from '../catalog/catalog.ts'
import * as domain from './events.ts'

/** By the type of a domain event, under which type the others hear of it. */
export const toldAs: ReadonlyMap<string, string> = new Map([
  [domain.orderPlaced.type, told.orderCreated.type],
  [domain.orderConfirmed.type, told.orderConfirmed.type],
  [domain.orderShipped.type, told.orderShipped.type],
  [domain.orderDelivered.type, told.orderDelivered.type],
  [domain.orderCanceled.type, told.orderCanceled.type],
])

/** What the other services hear of an order, in the newest version of every event. Refusals stay here. */
export const mappings = [
  mapEvent(domain.orderPlaced, ({ data }, { id }) => told.orderCreated.create({ orderId: id, ...data })),
  mapEvent(domain.orderConfirmed, ({ data }, { id }) => told.orderConfirmed.create({ orderId: id, ...data })),
  mapEvent(domain.orderShipped, ({ data }, { id }) => told.orderShipped.create({ orderId: id, ...data })),
  mapEvent(domain.orderDelivered, ({ data }, { id }) => told.orderDelivered.create({ orderId: id, ...data })),
  mapEvent(domain.orderCanceled, ({ data }, { id }) => told.orderCanceled.create({ orderId: id, ...data })),
]
