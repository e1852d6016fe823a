import { join } from 'node:path'
import { openBus } from 'tidings'
import { sqlite } from 'tidings/sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { catalog } from '../catalog/catalog.ts'
import { freshFolder } from '../testing.ts'
import { ordersApi } from './http.ts'
import { mappings } from './integration.ts'
import { openOrders } from './orders-service.ts'

const items = [{ productId: 'hammock', priceCents: 18_900, freightCents: 2_450 }]
const order = { orderId: '42', userId: 'ada', state: 'SP', items }

async function openApi() {
  const engine = await sqlite(join(freshFolder(), 'shop.db'))
  const bus = await openBus({ transport: engine, source: '/orders-service', catalog })
  onTestFinished(() => bus.close())
  const api = ordersApi(
    openOrders({ store: engine.streams(), source: '/orders-service', outbox: bus.outbox(), mappings }),
  )
  return async (method: string, path: string, body?: unknown) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await api.request(path, { method, ...(body === undefined ? {} : { body: text }) })
    const answer: unknown = await response.json()
    return { status: response.status, body: answer }
  }
}

describe('the orders service over HTTP', () => {
  test('answers a new order at once', async () => {
    const ask = await openApi()
    const answer = await ask('POST', '/orders', order)
    expect(answer).toMatchObject({
      status: 201,
      body: { ...order, totalCents: 21_350, currency: 'BRL', status: 'created' },
    })
    expect(await ask('GET', '/orders/42')).toMatchObject({ status: 200, body: answer.body as object })
  })

  test('gives an order an id when it has none', async () => {
    const ask = await openApi()
    const { orderId: _orderId, ...withoutId } = order
    expect(await ask('POST', '/orders', withoutId)).toMatchObject({
      body: { orderId: expect.stringMatching(/^[\da-f-]{36}$/) },
    })
  })

  test('takes an order through its life', async () => {
    const ask = await openApi()
    await ask('POST', '/orders', order)
    for (const [step, status] of [
      ['confirm', 'confirmed'],
      ['ship', 'shipped'],
      ['deliver', 'delivered'],
      ['cancel', 'canceled'],
    ]) {
      expect(await ask('POST', `/orders/42/${step}`)).toMatchObject({ status: 200, body: { status } })
    }
  })

  test.each([
    ['an order without items', 'POST', '/orders', { ...order, items: [] }, 422, 'no items'],
    ['a step of an unknown order', 'POST', '/orders/42/ship', undefined, 404, 'unknown order'],
    ['a question about an unknown order', 'GET', '/orders/42', undefined, 404, 'unknown order'],
  ])('refuses %s, naming the order and the reason', async (_what, method, path, body, status, error) => {
    const ask = await openApi()
    expect(await ask(method, path, body)).toEqual({ status, body: { error, orderId: '42' } })
  })

  test('refuses a shipment that comes too early, and accepts it later', async () => {
    const ask = await openApi()
    await ask('POST', '/orders', order)
    expect(await ask('POST', '/orders/42/ship')).toEqual({
      status: 409,
      body: { error: 'not confirmed', orderId: '42' },
    })
    await ask('POST', '/orders/42/confirm')
    expect(await ask('POST', '/orders/42/ship')).toMatchObject({ status: 200 })
  })

  test.each([
    ['text that is not JSON', '{"userId":', 'not JSON'],
    ['a body that misses something', { userId: 'ada' }, 'state'],
    ['an id with control characters', { ...order, orderId: 'a\nb' }, 'printable'],
    [
      'a price below zero',
      { ...order, items: [{ productId: 'p', priceCents: -1, freightCents: 0 }] },
      'priceCents',
    ],
  ])('says what is wrong with %s', async (_what, body, error) => {
    const ask = await openApi()
    expect(await ask('POST', '/orders', body)).toEqual({
      status: 400,
      body: { error: expect.stringContaining(error), orderId: null },
    })
  })

  test('shows an order as it was at a time', async () => {
    const ask = await openApi()
    await ask('POST', '/orders', order)
    await ask('POST', '/orders/42/confirm')
    expect(await ask('GET', '/orders/42?at=2018-03-01')).toEqual({
      status: 404,
      body: { error: 'unknown order', orderId: '42' },
    })
    expect(await ask('GET', '/orders/42?at=2999-01-01')).toMatchObject({ body: { status: 'confirmed' } })
    expect(await ask('GET', '/orders/42?at=soon')).toEqual({
      status: 400,
      body: { error: expect.stringContaining('asOf is "soon", which is not a time'), orderId: null },
    })
  })

  test('shows all that happened to an order, refused commands too', async () => {
    const ask = await openApi()
    await ask('POST', '/orders', order)
    await ask('POST', '/orders/42/ship')
    await ask('POST', '/orders/42/confirm')
    expect(await ask('GET', '/orders/42/history')).toMatchObject({
      status: 200,
      body: [
        { version: 1, type: 'order.placed', data: { totalCents: 21_350 } },
        { version: 2, type: 'order.command-refused', data: { command: 'ship', reason: 'not confirmed' } },
        { version: 3, type: 'order.confirmed', time: expect.stringMatching(/^20.*Z$/) },
      ],
    })
    expect(await ask('GET', '/orders/43/history')).toMatchObject({ status: 404 })
  })

  test('refuses a body that is too large, in the same shape', async () => {
    const ask = await openApi()
    const answer = await ask('POST', '/orders', { ...order, state: 'x'.repeat(300_000) })
    expect(answer).toEqual({ status: 413, body: { error: 'the body is over 256 KiB', orderId: null } })
  })

  test('says so where nothing answers', async () => {
    const ask = await openApi()
    expect(await ask('DELETE', '/orders/42')).toEqual({
      status: 404,
      body: { error: 'nothing answers DELETE /orders/42', orderId: null },
    })
  })
})
