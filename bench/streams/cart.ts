import { defineEvent } from 'tidings'
import { type SqliteTransaction, sqliteStreams } from 'tidings/sqlite'
import { defineStream, openStreams, type Streams } from 'tidings/streams'

/** Its structured JSON is about 330 bytes, the envelope included. */
const added = defineEvent('cart.added').version(1, {
  type: 'object',
  properties: {
    sku: { type: 'string', minLength: 1 },
    number: { type: 'integer' },
    cents: { type: 'integer', minimum: 0 },
  },
  required: ['sku', 'number', 'cents'],
  additionalProperties: false,
})

export const cartStream = defineStream('cart', { events: [added] })

export function line(number: number): { sku: string; number: number; cents: number } {
  return { sku: `sku-${number % 1_000}`, number, cents: (number * 37) % 100_000 }
}

export const addedLine = (number: number): ReturnType<typeof added.create> => added.create(line(number))

interface Cart {
  readonly lines: number
  readonly cents: number
}

const functions = {
  initialState: { lines: 0, cents: 0 } as Cart,
  decide: (number: number) => added.create(line(number)),
  evolve: ({ lines, cents }: Cart, { data }: { data: ReturnType<typeof line> }): Cart => ({
    lines: lines + 1,
    cents: cents + data.cents,
  }),
}

export const cart = cartStream.decider<Cart, number>(functions)
export const snapshottingCart = cartStream.decider<Cart, number>({
  ...functions,
  snapshots: { every: 100, version: 1 },
})

/** Streams with every option at its default. */
export function openCarts(file: string): Streams<SqliteTransaction> {
  return openStreams({ store: sqliteStreams(file), source: '/bench' })
}
