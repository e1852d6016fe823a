import type { Item } from '../catalog/schemas.ts'

/** An order as the orders service keeps it. A step that did not happen has no time. Times are RFC 3339, UTC. */
export interface Order {
  readonly orderId: string
  readonly userId: string
  readonly state: string
  readonly currency: string
  readonly items: readonly Item[]
  readonly totalCents: number
  readonly createdAt: string
  readonly confirmedAt?: string
  readonly shippedAt?: string
  readonly deliveredAt?: string
  readonly canceledAt?: string
}

export type Status = 'created' | 'confirmed' | 'shipped' | 'delivered' | 'canceled'

export function statusOf(order: Order): Status {
  if (order.canceledAt !== undefined) return 'canceled'
  if (order.deliveredAt !== undefined) return 'delivered'
  if (order.shippedAt !== undefined) return 'shipped'
  return order.confirmedAt === undefined ? 'created' : 'confirmed'
}

export function totalOf(items: readonly Item[]): number {
  return items.reduce((sum, { priceCents, freightCents }) => sum + priceCents + freightCents, 0)
}
