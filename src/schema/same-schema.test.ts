import { expect, test } from 'vitest'
import { sameSchema } from './same-schema.ts'

const order = {
  type: 'object',
  description: 'An order.',
  properties: { title: { type: 'string', title: 'The title' }, total: { minimum: 0 } },
  required: ['title'],
}

test.each([
  [
    'is written in another order',
    { required: ['title'], properties: { total: { minimum: 0 }, title: { type: 'string' } }, type: 'object' },
  ],
  ['tells people something else', { ...order, description: 'What was ordered.', $comment: 'x' }],
])('a schema that %s is the same', (_, other) => {
  expect(sameSchema(order, other)).toBe(true)
})

test.each([
  ['has another bound', { ...order, properties: { ...order.properties, total: { minimum: 1 } } }],
  ['has no property called title', { ...order, properties: { total: { minimum: 0 } } }],
  ['has a default', { ...order, properties: { ...order.properties, total: { minimum: 0, default: 0 } } }],
  ['has another constant', { ...order, const: { description: 'x' } }],
])('a schema that %s is another', (_, other) => {
  expect(sameSchema(order, other)).toBe(false)
})
