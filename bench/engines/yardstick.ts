/** What both sides do with an event: the yardsticks make, check, write and read it with the product's own codec. */
import { randomUUID } from 'node:crypto'
import type { CloudEvent } from 'tidings'
import { order, orderPlaced } from '../sqlite/shop.ts'

export function eventOf(number: number): CloudEvent {
  const data = order(number)
  checkData(data)
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/bench',
    type: 'order.placed',
    subject: data.orderId,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataschema: 'tidings:schemas/order.placed/1',
    data,
  }
}

/** With the schema compiled as in the product. */
export function checkData(data: unknown): void {
  if (orderPlaced.issues(1, data).length > 0) throw new Error('It is not valid.')
}

/** The number that an order was made of. */
export function numberOf({ data }: CloudEvent): number {
  checkData(data)
  return (data as { readonly number: number }).number
}

export interface RawOptions {
  /** Where the engine of the product would be opened, for itself alone. */
  readonly place: string
  readonly warmUp: number
  readonly events: number
  /** Neither makes, checks nor parses events: the client with bytes that are there. */
  readonly bare: boolean
}

export interface RawPace {
  readonly place: string
  readonly perSecond: number
  readonly warmUpMs: number
  readonly elapsedMs: number
}

/** As in the product: events published together, and how often places are committed. */
export const together = 256
export const commitEveryMs = 20
export const partitions = 8
