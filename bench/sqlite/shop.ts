import { type Bus, connect, defineCatalog, defineEvent, defineTopic, openBus } from 'tidings'
import type { Capabilities } from 'tidings/log'
import { sqlite } from 'tidings/sqlite'

const keys = 10_000

/** Its structured JSON is about 300 bytes, the envelope included. */
export const orderPlaced = defineEvent('order.placed')
  .version(1, {
    type: 'object',
    properties: {
      orderId: { type: 'string', minLength: 1 },
      number: { type: 'integer' },
      totalCents: { type: 'integer', minimum: 0 },
    },
    required: ['orderId', 'number', 'totalCents'],
    additionalProperties: false,
  })
  .subject((data) => data.orderId)

export const catalog = defineCatalog([defineTopic('orders', { events: [orderPlaced] })])

export function order(number: number): { orderId: string; number: number; totalCents: number } {
  return { orderId: `o-${number % keys}`, number, totalCents: (number * 37) % 100_000 }
}

/**
 * A bus with every option at its default.
 * @param place a SQLite file, or the URL of another engine, with a namespace of its own after a #.
 */
export async function openShop(place: string): Promise<Bus<Capabilities, 'order.placed'>> {
  const [url = '', namespace] = place.split('#')
  const transport = url.includes('://') ? await connect(url) : await sqlite(url)
  return openBus({ transport, source: '/bench', catalog, namespace })
}
