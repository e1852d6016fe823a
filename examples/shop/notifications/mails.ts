import type { EventOf } from 'tidings'
import type { orderCanceled, orderCreated, orderShipped } from '../catalog/catalog.ts'
import type { Mail } from './mailer.ts'

/** In this shop an account is a mailbox. */
const addressOf = (userId: string): string => `${userId}@mail.example`

export function thankYou({ data }: EventOf<typeof orderCreated>): Mail {
  const total = (data.totalCents / 100).toFixed(2)
  return {
    to: addressOf(data.userId),
    subject: `Thank you for order ${data.orderId}: ${data.currency} ${total}`,
  }
}

export function onItsWay({ data }: EventOf<typeof orderShipped>): Mail {
  return { to: addressOf(data.userId), subject: `Order ${data.orderId} is on its way` }
}

export function sorry({ data }: EventOf<typeof orderCanceled>): Mail {
  return { to: addressOf(data.userId), subject: `Order ${data.orderId} is canceled` }
}
