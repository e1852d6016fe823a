/** What data each kind of schema gives, as the compiler sees it. */
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import { Schema as EffectSchema } from 'effect'
import { type Static, Type } from 'typebox'
import * as v from 'valibot'
import * as z from 'zod'
import { defineEvent, type EventDefinition } from '../../src/catalog/index.ts'
import { type FromJsonSchema, jsonSchema } from '../../src/schema/index.ts'
import type { Equal, Expect } from './expect.ts'

interface Order {
  orderId: string
  total: number
  note?: string
}

type DataIn<Definition> = Definition extends EventDefinition<string, infer Data> ? Data : never

const ofZod = defineEvent('zod').version(
  1,
  z.object({ orderId: z.string(), total: z.number(), note: z.string().exactOptional() }),
)
const ofArkType = defineEvent('arktype').version(
  1,
  type({ orderId: 'string', total: 'number', 'note?': 'string' }),
)
const ofTypeBox = defineEvent('typebox').version(
  1,
  Type.Object({ orderId: Type.String(), total: Type.Number(), note: Type.Optional(Type.String()) }),
)
const ofValibot = defineEvent('valibot').version(
  1,
  toStandardJsonSchema(
    v.object({ orderId: v.string(), total: v.number(), note: v.exactOptional(v.string()) }),
  ),
)
const ofEffect = defineEvent('effect').version(
  1,
  EffectSchema.toStandardJSONSchemaV1(
    EffectSchema.Struct({
      orderId: EffectSchema.String,
      total: EffectSchema.Number,
      note: EffectSchema.optionalKey(EffectSchema.String),
    }),
  ),
)
const ofLiteral = defineEvent('literal').version(1, {
  type: 'object',
  properties: { orderId: { type: 'string' }, total: { type: 'number' }, note: { type: 'string' } },
  required: ['orderId', 'total'],
  'x-owner': 'orders',
})
const ofNamedData = defineEvent('named').version(1, jsonSchema<Order>({ type: 'object' }))

export type Schemas = [
  Expect<Equal<DataIn<typeof ofZod>, Order>>,
  Expect<Equal<DataIn<typeof ofArkType>, Order>>,
  Expect<Equal<DataIn<typeof ofTypeBox>, Order>>,
  Expect<Equal<DataIn<typeof ofValibot>, Order>>,
  Expect<
    Equal<
      DataIn<typeof ofEffect>,
      { readonly orderId: string; readonly total: number; readonly note?: string }
    >
  >,
  Expect<Equal<DataIn<typeof ofLiteral>, Order>>,
  Expect<Equal<DataIn<typeof ofNamedData>, Order>>,
]

const withDefault = defineEvent('default').version(1, z.object({ currency: z.string().default('EUR') }))
export type InputIsTheWire = Expect<Equal<DataIn<typeof withDefault>, { currency?: string | undefined }>>

const boxes = {
  tuple: Type.Tuple([Type.String(), Type.Number()]),
  union: Type.Union([Type.Literal('x'), Type.Literal(1), Type.Null()]),
  intersect: Type.Intersect([Type.Object({ x: Type.Number() }), Type.Object({ y: Type.String() })]),
  enumeration: Type.Enum(['a', 'b']),
  partial: Type.Partial(Type.Object({ x: Type.Number() })),
  pick: Type.Pick(Type.Object({ x: Type.Number(), y: Type.String() }), ['x']),
  unsafe: Type.Unsafe<{ z: 1 }>({ type: 'object' }),
  nested: Type.Object({ list: Type.Array(Type.Object({ at: Type.Integer() })) }),
}
type Boxes = typeof boxes

export type TypeBoxIsReadLikeItsStatic = Expect<
  Equal<
    { [Name in keyof Boxes]: FromJsonSchema<Boxes[Name]> },
    { [Name in keyof Boxes]: Static<Boxes[Name]> }
  >
>
type BoxRecord = ReturnType<typeof record>
const record = () => Type.Record(Type.String(), Type.Number())

export type Keywords = [
  Expect<Equal<FromJsonSchema<BoxRecord>, { [key: string]: number }>>,
  Expect<Equal<FromJsonSchema<{ type: ['string', 'null'] }>, string | null>>,
  Expect<Equal<FromJsonSchema<{ type: 'string'; nullable: true }>, string | null>>,
  Expect<Equal<FromJsonSchema<{ enum: ['a', 1, null] }>, 'a' | 1 | null>>,
  Expect<Equal<FromJsonSchema<{ const: 'a' }>, 'a'>>,
  Expect<
    Equal<FromJsonSchema<{ type: 'array'; prefixItems: [{ type: 'string' }, true] }>, [string, unknown]>
  >,
  Expect<Equal<FromJsonSchema<{ type: 'array' }>, unknown[]>>,
  Expect<Equal<FromJsonSchema<{ type: 'object' }>, { [key: string]: unknown }>>,
  Expect<
    Equal<
      FromJsonSchema<{ type: 'object'; additionalProperties: { type: 'number' } }>,
      { [key: string]: number }
    >
  >,
  Expect<Equal<FromJsonSchema<{ properties: { a: { type: 'boolean' } } }>, { a?: boolean }>>,
  Expect<Equal<FromJsonSchema<{ $ref: '#/$defs/a' }>, unknown>>,
  Expect<Equal<FromJsonSchema<false>, never>>,
]
