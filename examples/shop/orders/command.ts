import type { Item } from '../catalog/schemas.ts'

/** Asks for a new order. */
export interface CreateOrder {
  readonly kind: 'create'
  readonly orderId: string
  readonly userId: string
  readonly state: string
  readonly currency: string
  readonly items: readonly Item[]
  /** When it happened; the event carries this time. RFC 3339, UTC. */
  readonly time: string
}

/** Asks for the next step of an order. */
export interface AdvanceOrder {
  readonly kind: 'confirm' | 'ship' | 'deliver' | 'cancel'
  readonly orderId: string
  readonly time: string
}

export type Command = CreateOrder | AdvanceOrder
