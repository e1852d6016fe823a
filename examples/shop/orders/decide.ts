import type { Command } from './command.ts'
import type { Order } from './order.ts'

export type Reason = 'already exists' | 'no items' | 'not confirmed' | 'not shipped' | 'unknown order'

export type Decision =
  | { readonly accepted: true; readonly order: Order }
  | { readonly accepted: false; readonly reason: Reason }

/** Why a command was refused; undefined when it was accepted. */
export function refusalOf(decision: Decision): Reason | undefined {
  return decision.accepted ? undefined : decision.reason
}

/** All rules of the shop: what speaks against a command, given the order as it is. */
export function reasonAgainst(order: Order | undefined, command: Command): Reason | undefined {
  if (command.kind === 'create') {
    if (order !== undefined) return 'already exists'
    return command.items.length === 0 ? 'no items' : undefined
  }
  if (order === undefined) return 'unknown order'
  if (command.kind === 'ship' && order.confirmedAt === undefined) return 'not confirmed'
  if (command.kind === 'deliver' && order.shippedAt === undefined) return 'not shipped'
  return undefined
}
