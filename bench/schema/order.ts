import type { JsonSchema } from 'tidings/schema'

/** An order whose JSON is about 300 bytes, with formats. */
export const orderSchema: JsonSchema = {
  type: 'object',
  properties: {
    orderId: { type: 'string', format: 'uuid' },
    userId: { type: 'string', format: 'uuid' },
    placedAt: { type: 'string', format: 'date-time' },
    email: { type: 'string', format: 'email' },
    currency: { type: 'string', minLength: 3, maxLength: 3 },
    items: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: {
          sku: { type: 'string', minLength: 1 },
          quantity: { type: 'integer', minimum: 1 },
          cents: { type: 'integer', minimum: 0 },
        },
        required: ['sku', 'quantity', 'cents'],
        additionalProperties: false,
      },
    },
  },
  required: ['orderId', 'userId', 'placedAt', 'email', 'currency', 'items'],
  additionalProperties: false,
}

export const order: object = {
  orderId: '0193ab5c-1234-7abc-8def-1234567890ab',
  userId: '0193ab5c-4321-7abc-8def-1234567890ab',
  placedAt: '2026-01-31T10:00:00Z',
  email: 'someone@example.com',
  currency: 'EUR',
  items: [
    { sku: 'chair-oak', quantity: 2, cents: 12900 },
    { sku: 'table-oak', quantity: 1, cents: 49900 },
  ],
}

/** The same with one pattern, which runs on RE2. */
export const patternSchema: JsonSchema = {
  ...orderSchema,
  properties: {
    ...Object(orderSchema['properties']),
    currency: { type: 'string', pattern: '^[A-Z]{3}$' },
  },
}
