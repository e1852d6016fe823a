import { given } from 'tidings/testing'
import { describe, expect, test } from 'vitest'
import { newOrder } from '../testing.ts'
import type { AdvanceOrder } from './command.ts'
import type { Reason } from './decide.ts'
import {
  commandRefused,
  orderCanceled,
  orderConfirmed,
  orderDelivered,
  orderPlaced,
  orderShipped,
  orderStream,
} from './events.ts'
import { statusOf } from './order.ts'
import { OrderAggregate } from './order-aggregate.ts'

const time = '2017-11-25T00:00:00Z'
const advance = (kind: AdvanceOrder['kind']): AdvanceOrder => ({ kind, orderId: '1', time })
const { userId, state, currency, items } = newOrder()
const placed = orderPlaced.create({ userId, state, currency, items: [...items], totalCents: 21_350 })
const [confirmed, shipped, delivered, canceled] = [
  orderConfirmed,
  orderShipped,
  orderDelivered,
  orderCanceled,
].map((definition) => definition.create({ userId }))
const refused = (command: AdvanceOrder['kind'] | 'create', reason: Reason) =>
  commandRefused.create({ command, reason })

describe('an order', () => {
  test('costs the prices and the freight of its items', () => {
    const two = [
      { productId: 'hammock', priceCents: 18_900, freightCents: 2_450 },
      { productId: 'hammock', priceCents: 18_900, freightCents: 1 },
    ]
    given(orderStream, OrderAggregate, [])
      .when((order) => order.decide(newOrder({ items: two })))
      .then([
        orderPlaced.create(
          { userId, state, currency, items: two, totalCents: 40_251 },
          { time: newOrder().time },
        ),
      ])
  })

  test('needs an item', () => {
    given(orderStream, OrderAggregate, [])
      .when((order) => order.decide(newOrder({ items: [] })))
      .then([refused('create', 'no items')])
  })

  test('exists once', () => {
    given(orderStream, OrderAggregate, [placed])
      .when((order) => order.decide(newOrder()))
      .then([refused('create', 'already exists')])
  })

  test.each(['confirm', 'ship', 'deliver', 'cancel'] as const)('must be there to %s it', (kind) => {
    given(orderStream, OrderAggregate, [])
      .when((order) => order.decide(advance(kind)))
      .then([refused(kind, 'unknown order')])
  })

  test('ships when it is confirmed', () => {
    given(orderStream, OrderAggregate, [placed])
      .when((order) => order.decide(advance('ship')))
      .then([refused('ship', 'not confirmed')])
    given(orderStream, OrderAggregate, [placed, confirmed!])
      .when((order) => order.decide(advance('ship')))
      .then([shipped!])
  })

  test('is delivered when it is shipped', () => {
    given(orderStream, OrderAggregate, [placed, confirmed!])
      .when((order) => order.decide(advance('deliver')))
      .then([refused('deliver', 'not shipped')])
    given(orderStream, OrderAggregate, [placed, confirmed!, shipped!])
      .when((order) => order.decide(advance('deliver')))
      .then([delivered!])
  })

  test.each([[0], [1], [2], [3]])('can be canceled after %i steps', (steps) => {
    given(orderStream, OrderAggregate, [placed, ...[confirmed!, shipped!, delivered!].slice(0, steps)])
      .when((order) => order.decide(advance('cancel')))
      .then([canceled!])
  })

  test('keeps the time of every step, and shows the last as its status', () => {
    given(orderStream, OrderAggregate, [placed, confirmed!])
      .when((order) => order.decide(advance('ship')))
      .then(({ state: after }) =>
        expect([after?.order?.shippedAt, after?.order && statusOf(after.order)]).toEqual([time, 'shipped']),
      )
  })

  test('answers a command as it did before, until that was decided anew', () => {
    given(orderStream, OrderAggregate, [placed, refused('ship', 'not confirmed'), confirmed!])
      .when((order) => {
        expect(order.answered('ship')).toEqual({ accepted: false, reason: 'not confirmed' })
        expect(order.answered('confirm')).toMatchObject({ accepted: true })
        expect(order.answered('cancel')).toBeUndefined()
        order.decide(advance('ship'))
        expect(order.answered('ship')).toMatchObject({ accepted: true })
      })
      .then([shipped!])
  })

  test('is the same after a snapshot', () => {
    given(orderStream, OrderAggregate, [placed, refused('ship', 'not confirmed')])
      .when((order) => {
        const saved = JSON.parse(JSON.stringify(order.toSnapshot())) as ReturnType<
          OrderAggregate['toSnapshot']
        >
        const restored = new OrderAggregate('1')
        restored.fromSnapshot(saved)
        expect(restored.order).toEqual(order.order)
        expect(restored.answered('ship')).toEqual(order.answered('ship'))
      })
      .then([])
  })
})
