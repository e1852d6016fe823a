import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freshFolder } from '../testing.ts'
import { readOrders } from './read-orders.ts'

const order = {
  orderId: 'a',
  customerUniqueId: 'ada',
  state: 'SP',
  status: 'created',
  purchasedAt: '2017-01-01 10:00:00',
  approvedAt: '',
  shippedAt: '',
  deliveredAt: '',
  items: [],
}

function fileOf(...lines: (string | object)[]): string {
  const file = join(freshFolder(), 'orders.ndjson')
  writeFileSync(
    file,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\r\n'),
  )
  return file
}

test('a file of orders is read in its order, empty lines left out', async () => {
  const orders = await readOrders(fileOf(order, '', { ...order, orderId: 'b' }))
  expect(orders.map(({ orderId }) => orderId)).toEqual(['a', 'b'])
})

test('every wrong line is named with its number and its reason', async () => {
  const file = fileOf(
    order,
    '{"orderId":',
    { ...order, orderId: '' },
    { ...order, orderId: 'b', items: [{ productId: 'p', price: '1,5', freight: '0' }] },
    order,
    '{"__proto__":{}}',
  )
  const failure: unknown = await readOrders(file).catch((error: unknown) => error)
  const lines = String(failure).split('\n')
  expect(lines[1]).toMatch(/line 2: .*not JSON/)
  expect(lines[2]).toContain('line 3: orderId must be')
  expect(lines[3]).toContain('line 4: items.0.price is no price')
  expect(lines[4]).toContain('line 5: order a is here a second time')
  expect(lines[5]).toMatch(/line 6: .*__proto__/)
})

test('a file with nothing but wrong lines is not read to its end', async () => {
  const file = fileOf(...Array.from({ length: 1_000 }, () => 'x'))
  const failure: unknown = await readOrders(file).catch((error: unknown) => error)
  expect(String(failure).match(/line \d+/g)).toHaveLength(20)
})

test('a file that is not there is one sentence', async () => {
  await expect(readOrders('/nowhere/orders.ndjson')).rejects.toThrow(
    '/nowhere/orders.ndjson cannot be read: there is no such file. Check what --orders names.',
  )
})
