import { join } from 'node:path'
import { openBus } from 'tidings'
import { decodeEvent } from 'tidings/event'
import { sqlite } from 'tidings/sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { catalog } from '../catalog/catalog.ts'
import { freshFolder, newOrder } from '../testing.ts'
import type { AdvanceOrder } from './command.ts'
import { mappings } from './integration.ts'
import { openOrders } from './orders-service.ts'

const advance = (kind: AdvanceOrder['kind']): AdvanceOrder => ({
  kind,
  orderId: '42',
  time: '2017-11-25T00:00:00Z',
})

async function openService(file = join(freshFolder(), 'shop.db')) {
  const engine = await sqlite(file)
  const bus = await openBus({ transport: engine, source: '/orders-service', catalog })
  onTestFinished(() => bus.close())
  const published = async () => {
    const events = []
    for (let partition = 0; partition < 8; partition++) {
      events.push(...(await bus.admin.read('orders', partition, 0, { maxRecords: 100, maxBytes: 1_000_000 })))
    }
    return events.map(({ encoded }) => decodeEvent(encoded))
  }
  return {
    orders: openOrders({
      store: engine.streams(),
      source: '/orders-service',
      outbox: bus.outbox(),
      mappings,
    }),
    published,
    close: () => bus.close(),
    file,
  }
}

describe('the orders service', () => {
  test('saves the order and tells the others', async () => {
    const { orders, published } = await openService()
    const { kind: _kind, time, ...order } = newOrder()
    await orders.execute(newOrder())
    expect(await orders.find('42')).toEqual({ ...order, totalCents: 21_350, createdAt: time })
    expect(await published()).toMatchObject([
      {
        type: 'com.example.orders.created',
        subject: 'orders/42',
        time: '2017-11-24T10:00:00Z',
        data: { ...order, totalCents: 21_350 },
      },
    ])
  })

  test('keeps the events of an order in the order of its commands, without awaiting', async () => {
    const { orders, published } = await openService()
    const commands = [newOrder(), advance('confirm'), advance('ship'), advance('deliver'), advance('cancel')]
    await Promise.all(commands.map((command) => orders.execute(command)))
    expect((await published()).map(({ type }) => type.split('.').at(-1))).toEqual([
      'created',
      'confirmed',
      'shipped',
      'delivered',
      'canceled',
    ])
  })

  test('saves nothing when the event cannot be published', async () => {
    const { orders, published } = await openService()
    const wrong = newOrder({ currency: 'not a currency' })
    await expect(orders.execute(wrong)).rejects.toThrow('data_invalid')
    expect(await orders.find('42')).toBeUndefined()
    expect(await published()).toEqual([])
    expect(await orders.execute(newOrder())).toMatchObject({ accepted: true })
  })

  test('answers a command as it did before, publishing nothing again, also after a restart', async () => {
    const first = await openService()
    await first.orders.execute(newOrder())
    await first.close()
    const { orders, published } = await openService(first.file)
    expect(await orders.execute(newOrder())).toMatchObject({ accepted: true, order: { orderId: '42' } })
    expect(await published()).toHaveLength(1)
  })

  test('stands by a refusal when the same command comes again, also of an order that came later', async () => {
    const { orders } = await openService()
    const refused = { accepted: false, reason: 'unknown order' }
    expect(await orders.execute(advance('confirm'))).toEqual(refused)
    await orders.execute(newOrder())
    expect(await orders.execute(advance('confirm'))).toEqual(refused)
  })

  test('decides a refused command anew when somebody requests it again', async () => {
    const { orders } = await openService()
    await orders.request(newOrder())
    expect(await orders.request(advance('ship'))).toEqual({ accepted: false, reason: 'not confirmed' })
    await orders.request(advance('confirm'))
    expect(await orders.request(advance('ship'))).toMatchObject({ accepted: true })
  })

  test('does not repeat an accepted command that is requested again', async () => {
    const { orders, published } = await openService()
    await orders.request(newOrder())
    await orders.request(advance('confirm'))
    await orders.request({ ...advance('confirm'), time: '2018-01-01T00:00:00Z' })
    expect(await published()).toHaveLength(2)
    expect((await orders.find('42'))?.confirmedAt).toBe('2017-11-25T00:00:00Z')
  })
})
