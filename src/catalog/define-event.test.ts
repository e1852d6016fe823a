import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import type { CloudEvent } from '../event/index.ts'
import { TidingsError } from '../kernel/index.ts'
import { jsonSchema } from '../schema/index.ts'
import { dataschemaOf } from './dataschema.ts'
import { defineEvent } from './define-event.ts'

const type = 'com.example.orders.created'
const V1 = z.object({ orderId: z.string() })
const V2 = z.object({ orderId: z.string(), currency: z.enum(['USD', 'EUR']) })
const V3 = z.object({ orderId: z.string(), currency: z.enum(['USD', 'EUR']), userId: z.string() })

const created = defineEvent(type)
  .version(1, V1)
  .version(2, V2, (v1) => ({ ...v1, currency: 'USD' }))
  .version(3, V3, async (v2) => ({ ...v2, userId: `owner of ${v2.orderId}` }))
  .subject((data) => `orders/${data.orderId}`)
const lettered = defineEvent(type)
  .version(2, z.object({ a: z.string() }))
  .version(3, z.object({ b: z.string() }), ({ a }) => ({ b: a }))
  .version(4, z.object({ c: z.string() }), ({ b }) => ({ c: b }))

function event(version: number, data: unknown): CloudEvent {
  const dataschema = dataschemaOf('tidings:schemas', type, version)
  return { specversion: '1.0', id: 'id-1', source: '/orders', type, dataschema, data }
}

async function refusal(decode: () => unknown): Promise<TidingsError> {
  try {
    await decode()
  } catch (error) {
    if (error instanceof TidingsError) return error
  }
  throw new Error('It was not refused.')
}

describe('defineEvent', () => {
  it('tells its versions, types, schemas and subject', () => {
    expect([created.type, created.types, created.oldestVersion, created.newestVersion]).toEqual([
      type,
      [type],
      1,
      3,
    ])
    expect(created.schemaOf(2)).toMatchObject({ properties: { currency: { enum: ['USD', 'EUR'] } } })
    expect(created.subjectOf({ orderId: '7', currency: 'EUR', userId: 'u' })).toBe('orders/7')
    expect(lettered.subjectOf({ c: '' })).toBeUndefined()
  })

  it('lists what is wrong with data of a version', () => {
    expect(created.issues(2, { orderId: '7', currency: 'EUR' })).toEqual([])
    expect(created.issues(2, {})).toEqual([
      { path: '/orderId', message: 'is required' },
      { path: '/currency', message: 'is required' },
    ])
  })

  it('adds versions to a copy', () => {
    const first = defineEvent(type).version(1, V1)
    const second = first.version(2, V2, (v1) => ({ ...v1, currency: 'EUR' }))
    expect([first.newestVersion, second.newestVersion]).toEqual([1, 2])
  })

  it('keeps the subject when a version follows it at run time', () => {
    const builder = defineEvent(type).version(1, V1)
    const withSubject = builder.subject((data) => data.orderId) as typeof builder
    expect(
      withSubject
        .version(2, V2, () => ({ orderId: '', currency: 'EUR' }))
        .subjectOf({ orderId: 'o', currency: 'EUR' }),
    ).toBe('o')
  })

  it.each(['', ' \u0000', '\ud800', 'x'.repeat(257)])('refuses the type %j', (wrong) => {
    expect(() => defineEvent(wrong)).toThrow(/^definition_invalid: .* is not an event type/)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses to begin with version %d', (version) => {
    expect(() => defineEvent(type).version(version, V1)).toThrow(
      /^definition_invalid: .* Versions are whole numbers/,
    )
  })

  it('refuses a gap, and an upcaster that is no function', () => {
    const first = defineEvent(type).version(1, V1)
    expect(() => first.version(3 as 2, V2, () => ({ orderId: '', currency: 'EUR' }))).toThrow(
      `definition_invalid: ${type} goes from version 1 to 3. The next is 2.`,
    )
    expect(() => first.version(2, V2, 'upcaster' as never)).toThrow(
      `definition_invalid: ${type} has something else than a function as the upcaster to version 2.`,
    )
  })

  it('names type and version when a schema cannot be written as JSON Schema, at once', () => {
    expect(() => defineEvent(type).version(1, z.object({ at: z.date() }))).toThrow(
      `schema_unsupported: Version 1 of ${type} cannot be written as a JSON Schema: Date cannot be represented`,
    )
  })

  it('names type and version when a schema cannot be compiled, in compile()', () => {
    const definition = defineEvent(type).version(1, { type: 'string', pattern: '(?=a)' } as const)
    expect(() => definition.compile()).toThrow(
      `schema_invalid: Version 1 of ${type} cannot be compiled: the pattern`,
    )
    expect(() => created.compile()).not.toThrow()
  })

  it.each([
    ['throws', () => 'x'.repeat(-1), /threw: Invalid count value/],
    ['returns nothing', () => '', /must return text that is not empty/],
  ])('names the definition whose subject function %s', (_, of, reason) => {
    const definition = defineEvent(type).version(1, V1).subject(of)
    expect(() => definition.subjectOf({ orderId: 'o' })).toThrow(reason)
  })
})

describe('create', () => {
  it('makes an event of the newest version, without an id and a time of its own', () => {
    const data = { orderId: '7', currency: 'EUR', userId: 'u' } as const
    expect(created.create(data)).toEqual({ type, version: 3, data })
  })

  it('takes attributes, and leaves out what is undefined', () => {
    const made = lettered.create({ c: 'x' }, { id: 'mine', subject: 's', time: undefined })
    expect(made).toEqual({ type, version: 4, data: { c: 'x' }, id: 'mine', subject: 's' })
    expect(Object.keys(made)).not.toContain('time')
  })

  it('lets no attribute pass for type, version or data', () => {
    expect(lettered.create({ c: 'x' }, { type: 'other', data: 1, version: 9 } as never)).toEqual({
      type,
      version: 4,
      data: { c: 'x' },
    })
  })
})

describe('decode', () => {
  it('gives an event of the newest version as it is, at once', () => {
    const newest = event(3, { orderId: '7', currency: 'EUR', userId: 'u' })
    const decoded = created.decode(newest, 3)
    expect(decoded).toEqual({ event: newest, version: 3 })
    expect('event' in decoded && decoded.event).toBe(newest)
  })

  it('runs synchronous upcasters at once, through every version', () => {
    const decoded = lettered.decode(event(2, { a: 'x' }), 2)
    expect(decoded).toEqual({ version: 4, event: event(4, { c: 'x' }) })
  })

  it('awaits upcasters that look things up', async () => {
    const decoded = created.decode(event(1, { orderId: '7' }), 1)
    expect(decoded).toBeInstanceOf(Promise)
    expect(await decoded).toEqual({
      version: 3,
      event: event(3, { orderId: '7', currency: 'USD', userId: 'owner of 7' }),
    })
  })

  it('leaves the event it was given alone', async () => {
    const old = event(1, { orderId: '7' })
    await created.decode(old, 1)
    expect(old).toEqual(event(1, { orderId: '7' }))
  })

  it('adds no dataschema to an event whose version is assumed', () => {
    const { dataschema: _, ...foreign } = event(2, { a: 'x' })
    expect(lettered.decode(foreign, 2)).toMatchObject({ version: 4, event: { data: { c: 'x' } } })
    expect(lettered.decode(foreign, 2)).not.toHaveProperty('event.dataschema')
  })

  it('refuses data that breaks the schema it was written in', async () => {
    const error = await refusal(() => created.decode(event(1, { orderId: 7 }), 1))
    expect(error.message).toBe(
      `data_invalid: The data of ${type} in the event id-1 is not valid in version 1: /orderId must be string.`,
    )
    expect(error.details).toEqual({ issues: [{ path: '/orderId', message: 'must be string' }] })
  })

  it('refuses what an upcaster got wrong', async () => {
    const wrong = defineEvent(type)
      .version(1, V1)
      .version(2, V2, ((data: object) => data) as never)
    const error = await refusal(() => wrong.decode(event(1, { orderId: '7' }), 1))
    expect(error.message).toBe(
      `data_invalid: What the upcasters of ${type} made of version 1 is not valid in version 2: /currency is required.`,
    )
  })

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('no owner')
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('no owner'))],
  ])('tells apart that an upcaster %s, with its cause', async (_, upcaster) => {
    const failing = defineEvent(type)
      .version(1, V1)
      .version(2, V1, upcaster)
      .version(3, V1, (data) => data)
    const error = await refusal(() => failing.decode(event(1, { orderId: '7' }), 1))
    expect(error.message).toBe(`upcast_failed: The upcaster of ${type} from version 1 to 2 failed: no owner`)
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  it('takes an event that is newer than the code when its data fits the newest version', () => {
    const newer = event(9, { c: 'x', d: 'y' })
    expect(lettered.decode(newer, 9)).toEqual({ version: 4, event: newer })
    expect(lettered.versions.decode(newer, 9)).toEqual({ version: 4, event: newer })
  })

  it('refuses one that does not fit', async () => {
    const error = await refusal(() => lettered.decode(event(9, { d: 'y' }), 9))
    expect(error.message).toBe(
      `version_newer: The event id-1 has version 9 of ${type}, the code has it up to 4, and the data does not fit that: /c is required. Deploy code that declares version 9.`,
    )
  })

  it('refuses a version that is no longer declared', async () => {
    const error = await refusal(() => lettered.decode(event(1, {}), 1))
    expect(error.message).toBe(
      `version_unknown: The code has ${type} in version 2 to 4, not 1. Declare it with its schema and upcaster.`,
    )
  })
})

describe('versions', () => {
  it('selects each version as it was written', () => {
    const first = event(1, { orderId: '7' })
    expect(created.versions.types).toEqual([type])
    expect(created.versions.decode(first, 1)).toEqual({ version: 1, event: first })
  })

  it('checks the data', async () => {
    expect((await refusal(() => created.versions.decode(event(1, {}), 1))).code).toBe('data_invalid')
  })
})

describe('a schema that gives no types', () => {
  it('takes its data by name', () => {
    const named = defineEvent(type).version(1, jsonSchema<{ at: string }>({ required: ['at'] }))
    expectTypeOf(named.create({ at: 'x' }).data).toEqualTypeOf<{ at: string }>()
    expect(named.issues(1, {})).toEqual([{ path: '/at', message: 'is required' }])
  })
})
