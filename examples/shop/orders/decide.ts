import type { AdvanceOrder, Command, CreateOrder } from './command.ts'
import { type Order, totalOf } from './order.ts'

export type Reason = 'already exists' | 'no items' | 'not confirmed' | 'not shipped' | 'unknown order'

export type Decision =
  | { readonly accepted: true; readonly order: Order }
  | { readonly accepted: false; readonly reason: Reason }

/** Why a command was refused; undefined when it was accepted. */
export function refusalOf(decision: Decision): Reason | undefined {
  return decision.accepted ? undefined : decision.reason
}

/** All rules of the shop: what becomes of an order when a command arrives. */
export function decide(order: Order | undefined, command: Command): Decision {
  if (command.kind === 'create') return create(order, command)
  if (order === undefined) return refuse('unknown order')
  return advance(order, command)
}

function create(existing: Order | undefined, command: CreateOrder): Decision {
  const { orderId, userId, state, currency, items, time } = command
  if (existing !== undefined) return refuse('already exists')
  if (items.length === 0) return refuse('no items')
  return accept({ orderId, userId, state, currency, items, totalCents: totalOf(items), createdAt: time })
}

function advance(order: Order, { kind, time }: AdvanceOrder): Decision {
  switch (kind) {
    case 'confirm':
      return accept({ ...order, confirmedAt: time })
    case 'ship':
      return order.confirmedAt === undefined ? refuse('not confirmed') : accept({ ...order, shippedAt: time })
    case 'deliver':
      return order.shippedAt === undefined ? refuse('not shipped') : accept({ ...order, deliveredAt: time })
    case 'cancel':
      return accept({ ...order, canceledAt: time })
  }
}

const accept = (order: Order): Decision => ({ accepted: true, order })
const refuse = (reason: Reason): Decision => ({ accepted: false, reason })
