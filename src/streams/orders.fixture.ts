import { defineEvent, type EventOf } from '../catalog/index.ts'
import { seededRandom } from '../kernel/index.ts'
import { type MemoryTransaction, memoryStreams } from '../memory/index.ts'
import { jsonSchema } from '../schema/index.ts'
import { VirtualClock } from '../testing/index.ts'
import { Aggregate, defineStream, openStreams, type StreamStore, type Streams } from './index.ts'

const object = (...names: string[]): object => ({ type: 'object', required: names })

export const placed = defineEvent('order.placed')
  .version(
    1,
    jsonSchema<{ total: number }>({ ...object('total'), properties: { total: { type: 'integer' } } }),
  )
  .version(
    2,
    jsonSchema<{ cents: number }>({ ...object('cents'), properties: { cents: { type: 'integer' } } }),
    ({ total }) => ({ cents: total * 100 }),
  )
export const paid = defineEvent('order.paid').version(
  1,
  jsonSchema<{ paymentId: string }>({
    ...object('paymentId'),
    properties: { paymentId: { type: 'string' } },
  }),
)
export const orderStream = defineStream('order', { events: [placed, paid] })
export type OrderEvent = EventOf<typeof orderStream>

export interface OrderState {
  readonly status: 'none' | 'open' | 'paid'
  readonly cents: number
  readonly payments: readonly string[]
}

export type OrderCommand =
  | { readonly type: 'place'; readonly cents: number }
  | { readonly type: 'pay'; readonly paymentId: string }
  | { readonly type: 'look' }

export class OrderRefused extends Error {}

export const order = orderStream.decider<OrderState, OrderCommand>({
  initialState: { status: 'none', cents: 0, payments: [] },
  decide(command, { status }) {
    if (command.type === 'look') return undefined
    if (command.type === 'place') {
      if (status !== 'none') throw new OrderRefused('It was placed before.')
      return placed.create({ cents: command.cents })
    }
    if (status === 'none') throw new OrderRefused('There is no such order.')
    return [paid.create({ paymentId: command.paymentId })]
  },
  evolve(state, event) {
    if (event.type === 'order.placed') return { ...state, status: 'open', cents: event.data.cents }
    return { ...state, status: 'paid', payments: [...state.payments, event.data.paymentId] }
  },
})

/** The same in class style. */
export class Order extends Aggregate<OrderEvent> {
  status: OrderState['status'] = 'none'
  payments: readonly string[] = []
  seen: readonly string[] = []

  place(cents: number, time?: string): void {
    if (this.status !== 'none') throw new OrderRefused('It was placed before.')
    this.raise(placed.create({ cents }), { time })
  }

  pay(paymentId: string): void {
    if (this.status === 'none') throw new OrderRefused('There is no such order.')
    this.raise(paid.create({ paymentId }))
  }

  protected when(event: OrderEvent): void {
    this.seen = [...this.seen, `${event.id} ${event.time}`]
    if (event.type === 'order.placed') this.status = 'open'
    else {
      this.status = 'paid'
      this.payments = [...this.payments, event.data.paymentId]
    }
  }
}

export interface OpenedStreams {
  readonly streams: Streams<MemoryTransaction>
  readonly store: StreamStore<MemoryTransaction>
  readonly clock: VirtualClock
}

let seed = 0

/** A process of its own: on a store that others have opened, or on a new one. */
export function opened(store?: StreamStore<MemoryTransaction>): OpenedStreams {
  const clock = new VirtualClock()
  const kept = store ?? memoryStreams({ clock })
  const streams = openStreams({ store: kept, source: '/orders', clock, random: seededRandom((seed += 1)) })
  return { streams, store: kept, clock }
}

/** Every value of an iterable. */
export async function all<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const found: Value[] = []
  for await (const value of values) found.push(value)
  return found
}
