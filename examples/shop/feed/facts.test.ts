import { describe, expect, test } from 'vitest'
import { factsOf, inOrder } from './facts.ts'
import { OrderLine } from './order-line.ts'

const raw = {
  orderId: 'a',
  customerUniqueId: 'ada',
  state: 'SP',
  status: 'delivered',
  purchasedAt: '2017-01-01 10:00:00',
  approvedAt: '2017-01-02 10:00:00',
  shippedAt: '2017-01-03 10:00:00',
  deliveredAt: '2017-01-04 10:00:00',
  items: [{ productId: 'hammock', price: '189.0', freight: '24.5' }],
}
const line = (changes: Partial<typeof raw> = {}): OrderLine => OrderLine.parse({ ...raw, ...changes })
const steps = (...lines: OrderLine[]): string[] =>
  inOrder(lines.flatMap(factsOf)).map(({ orderId, kind, time }) => `${orderId} ${kind} ${time}`)

describe('the facts of a line', () => {
  test('carry the time at which they happened, as UTC', () => {
    expect(steps(line())).toEqual([
      'a create 2017-01-01T10:00:00Z',
      'a confirm 2017-01-02T10:00:00Z',
      'a ship 2017-01-03T10:00:00Z',
      'a deliver 2017-01-04T10:00:00Z',
    ])
  })

  test('are those that happened: an empty time did not', () => {
    expect(steps(line({ approvedAt: '', shippedAt: '', deliveredAt: '' }))).toEqual([
      'a create 2017-01-01T10:00:00Z',
    ])
  })

  test.each(['canceled', 'unavailable'])(
    'end with a cancellation at the last known time when it is %s',
    (status) => {
      expect(steps(line({ status, shippedAt: '', deliveredAt: '' })).at(-1)).toBe(
        'a cancel 2017-01-02T10:00:00Z',
      )
    },
  )

  test('hold what a new order needs, in cents and in the currency of the shop', () => {
    expect(factsOf(line())[0]).toEqual({
      kind: 'create',
      orderId: 'a',
      userId: 'ada',
      state: 'SP',
      currency: 'BRL',
      items: [{ productId: 'hammock', priceCents: 18_900, freightCents: 2_450 }],
      time: '2017-01-01T10:00:00Z',
    })
  })
})

describe('the facts of a file', () => {
  test('come in the order of their times, over all orders', () => {
    const later = line({
      orderId: 'b',
      purchasedAt: '2017-01-02 12:00:00',
      approvedAt: '',
      shippedAt: '',
      deliveredAt: '',
    })
    expect(steps(later, line()).map((step) => step.slice(0, 3))).toEqual(['a c', 'a c', 'b c', 'a s', 'a d'])
  })

  test('come in the order of a life at equal times, then in the order of the file', () => {
    const time = '2017-01-01 10:00:00'
    const atOnce = { approvedAt: time, shippedAt: time, deliveredAt: time, status: 'canceled' }
    const kinds = ['create', 'confirm', 'ship', 'deliver', 'cancel']
    expect(steps(line({ ...atOnce, orderId: 'b' }), line(atOnce))).toEqual(
      kinds.flatMap((kind) => [`b ${kind} 2017-01-01T10:00:00Z`, `a ${kind} 2017-01-01T10:00:00Z`]),
    )
  })
})

test.each(['2017-02-30 10:00:00', '2017-01-01', '2017-01-01T10:00:00', '2017-01-01 25:00:00', ''])(
  'an order is not purchased at %j',
  (purchasedAt) => {
    expect(() => line({ purchasedAt })).toThrow('is no time')
  },
)
