import { defaultCurrency } from '../catalog/catalog.ts'
import type { Command } from '../orders/command.ts'
import type { OrderLine } from './order-line.ts'

/** The commands that a line stands for, each at the time it happened. */
export function factsOf(line: OrderLine): readonly Command[] {
  const { orderId, purchasedAt, approvedAt, shippedAt, deliveredAt } = line
  const { customerUniqueId: userId, state, items } = line
  const facts: Command[] = [
    { kind: 'create', orderId, userId, state, currency: defaultCurrency, items, time: purchasedAt },
  ]
  if (approvedAt !== undefined) facts.push({ kind: 'confirm', orderId, time: approvedAt })
  if (shippedAt !== undefined) facts.push({ kind: 'ship', orderId, time: shippedAt })
  if (deliveredAt !== undefined) facts.push({ kind: 'deliver', orderId, time: deliveredAt })
  if (wasCanceled(line)) facts.push({ kind: 'cancel', orderId, time: lastTime(facts) })
  return facts
}

/** By time over the whole file; at the same time in the order of a life, then in the order of the file. */
export function inOrder(facts: readonly Command[]): readonly Command[] {
  return facts.toSorted((a, b) => byText(a.time, b.time) || kinds.indexOf(a.kind) - kinds.indexOf(b.kind))
}

const kinds: readonly Command['kind'][] = ['create', 'confirm', 'ship', 'deliver', 'cancel']

function wasCanceled({ status }: OrderLine): boolean {
  return status === 'canceled' || status === 'unavailable'
}

function lastTime(facts: readonly Command[]): string {
  return facts.map(({ time }) => time).reduce((last, time) => (time > last ? time : last))
}

/** Times of one form and zone compare as text. */
function byText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
