import { Aggregate } from 'tidings/streams'
import type { Command } from './command.ts'
import { type Decision, type Reason, reasonAgainst } from './decide.ts'
import {
  commandRefused,
  type OrderEvent,
  orderCanceled,
  orderConfirmed,
  orderDelivered,
  orderPlaced,
  orderShipped,
} from './events.ts'
import { type Order, totalOf } from './order.ts'

type Kind = Command['kind']

/** What snapshots keep. */
interface Saved {
  readonly order?: Order
  readonly refused: Readonly<Partial<Record<Kind, Reason>>>
}

/** An order, and how each command to it was answered. Its state is what has happened to it. */
export class OrderAggregate extends Aggregate<OrderEvent> {
  #order: Order | undefined
  #refused: Saved['refused'] = {}

  /** Undefined as long as it was not placed. */
  get order(): Order | undefined {
    return this.#order
  }

  /** How a command of this kind was answered before; an accepted one with the order as it is today. */
  answered(kind: Kind): Decision | undefined {
    const reason = this.#refused[kind]
    if (reason !== undefined) return { accepted: false, reason }
    return this.#order !== undefined && isDone(kind, this.#order)
      ? { accepted: true, order: this.#order }
      : undefined
  }

  /** Decides a command, whatever was decided before. */
  decide(command: Command): Decision {
    const { kind, time } = command
    const reason = reasonAgainst(this.#order, command)
    if (reason === undefined) this.#accept(command)
    else this.raise(commandRefused.create({ command: kind, reason }), { time })
    if (reason !== undefined || this.#order === undefined)
      return { accepted: false, reason: reason ?? 'unknown order' }
    return { accepted: true, order: this.#order }
  }

  #accept(command: Command): void {
    const { time } = command
    if (command.kind === 'create') {
      const { userId, state, currency, items } = command
      const placed = { userId, state, currency, items: [...items], totalCents: totalOf(items) }
      return this.raise(orderPlaced.create(placed), { time })
    }
    const step = { userId: this.#order?.userId ?? '' }
    switch (command.kind) {
      case 'confirm':
        return this.raise(orderConfirmed.create(step), { time })
      case 'ship':
        return this.raise(orderShipped.create(step), { time })
      case 'deliver':
        return this.raise(orderDelivered.create(step), { time })
      case 'cancel':
        return this.raise(orderCanceled.create(step), { time })
    }
  }

  protected when(event: OrderEvent): void {
    if (event.type === 'order.command-refused') {
      this.#refused = { ...this.#refused, [event.data.command]: event.data.reason }
      return
    }
    this.#order = orderAfter(this.#order, this.id, event)
    this.#refused = without(this.#refused, kinds[event.type])
  }

  toSnapshot(): Saved {
    return { ...(this.#order === undefined ? {} : { order: this.#order }), refused: this.#refused }
  }

  fromSnapshot({ order, refused }: Saved): void {
    this.#order = order
    this.#refused = refused
  }
}

const kinds = {
  'order.placed': 'create',
  'order.confirmed': 'confirm',
  'order.shipped': 'ship',
  'order.delivered': 'deliver',
  'order.canceled': 'cancel',
} as const satisfies Record<string, Kind>

function isDone(kind: Kind, order: Order): boolean {
  if (kind === 'create') return true
  return order[steps[kind]] !== undefined
}

const steps = {
  confirm: 'confirmedAt',
  ship: 'shippedAt',
  deliver: 'deliveredAt',
  cancel: 'canceledAt',
} as const

function orderAfter(
  order: Order | undefined,
  orderId: string,
  event: Exclude<OrderEvent, { type: 'order.command-refused' }>,
): Order | undefined {
  const time = event.time ?? ''
  if (event.type === 'order.placed') return { orderId, ...event.data, createdAt: time }
  const kind = kinds[event.type]
  return order && { ...order, [steps[kind]]: time }
}

function without(refused: Saved['refused'], kind: Kind): Saved['refused'] {
  if (refused[kind] === undefined) return refused
  return Object.fromEntries(Object.entries(refused).filter(([each]) => each !== kind))
}
