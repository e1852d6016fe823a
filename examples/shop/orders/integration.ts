import { mapEvent } from 'tidings/streams'
import * as told from '../catalog/catalog.ts'
import * as domain from './events.ts'

/** What the other services hear of an order, in the newest version of every event. Refusals stay here. */
export const mappings = [
  mapEvent(domain.orderPlaced, ({ data }, { id }) => told.orderCreated.create({ orderId: id, ...data })),
  mapEvent(domain.orderConfirmed, ({ data }, { id }) => told.orderConfirmed.create({ orderId: id, ...data })),
  mapEvent(domain.orderShipped, ({ data }, { id }) => told.orderShipped.create({ orderId: id, ...data })),
  mapEvent(domain.orderDelivered, ({ data }, { id }) => told.orderDelivered.create({ orderId: id, ...data })),
  mapEvent(domain.orderCanceled, ({ data }, { id }) => told.orderCanceled.create({ orderId: id, ...data })),
]
