import { describe, expect, test } from 'vitest'
import { newOrder } from '../testing.ts'
import type { AdvanceOrder, Command } from './command.ts'
import { decide, refusalOf } from './decide.ts'
import { type Order, statusOf } from './order.ts'

const time = '2017-11-25T00:00:00Z'
const advance = (kind: AdvanceOrder['kind']): AdvanceOrder => ({ kind, orderId: '42', time })

/** The order after these commands; refused ones change nothing. */
function given(...commands: Command[]): Order | undefined {
  return commands.reduce<Order | undefined>((order, command) => {
    const decision = decide(order, command)
    return decision.accepted ? decision.order : order
  }, undefined)
}

const created = newOrder()

describe('an order', () => {
  test('costs the prices and the freight of its items', () => {
    const items = [
      { productId: 'hammock', priceCents: 18_900, freightCents: 2_450 },
      { productId: 'hammock', priceCents: 18_900, freightCents: 1 },
    ]
    expect(given(newOrder({ items }))?.totalCents).toBe(40_251)
  })

  test('needs an item', () => {
    expect(refusalOf(decide(undefined, newOrder({ items: [] })))).toBe('no items')
  })

  test('exists once', () => {
    expect(refusalOf(decide(given(created), created))).toBe('already exists')
  })

  test.each(['confirm', 'ship', 'deliver', 'cancel'] as const)('must be there to %s it', (kind) => {
    expect(refusalOf(decide(undefined, advance(kind)))).toBe('unknown order')
  })

  test('ships when it is confirmed', () => {
    expect(refusalOf(decide(given(created), advance('ship')))).toBe('not confirmed')
    expect(refusalOf(decide(given(created, advance('confirm')), advance('ship')))).toBeUndefined()
  })

  test('is delivered when it is shipped', () => {
    const confirmed = given(created, advance('confirm'))
    expect(refusalOf(decide(confirmed, advance('deliver')))).toBe('not shipped')
    expect(
      refusalOf(decide(given(created, advance('confirm'), advance('ship')), advance('deliver'))),
    ).toBeUndefined()
  })

  test.each([[], ['confirm'], ['confirm', 'ship'], ['confirm', 'ship', 'deliver'], ['cancel']] as const)(
    'can be canceled after %s',
    (...kinds) => {
      expect(refusalOf(decide(given(created, ...kinds.map(advance)), advance('cancel')))).toBeUndefined()
    },
  )

  test('keeps the time of every step, and shows the last as its status', () => {
    const order = given(created, advance('confirm'), advance('ship'))
    expect(order).toMatchObject({ createdAt: created.time, confirmedAt: time, shippedAt: time })
    expect(order && statusOf(order)).toBe('shipped')
  })
})
