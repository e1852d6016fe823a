import { beforeEach, describe, expect, test } from 'vitest'
import { type Clock, limits, type Timer } from '../kernel/index.ts'
import { VirtualClock } from '../testing/index.ts'
import { Client } from './registry.fixture.ts'

/** Time stands still; how a test learns that a check has begun. */
class CheckClock extends VirtualClock implements Clock {
  readonly begun: PromiseWithResolvers<void> = Promise.withResolvers()

  override schedule(delayMs: number, callback: () => void): Timer {
    const timer = super.schedule(delayMs, callback)
    if (delayMs === limits.schemaCheckMs) this.begun.resolve()
    return timer
  }
}

interface Large {
  readonly [keyword: string]: unknown
  readonly properties: Record<string, object>
}

/** An object with many properties: it compiles in some tenths of a second. */
const large = (description: string): Large => ({
  description,
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Array.from({ length: 200 }, (_, at) => [`property${at}`, { type: 'string', maxLength: 100 + at }]),
  ),
})

/** As large as the largest upload, and quickly read; its definitions take Ajv minutes. */
const endless = (): object => ({
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries(
    Array.from({ length: 9_000 }, (_, at) => [
      `d${at}`,
      {
        properties: {
          x: { $ref: `#/$defs/d${(at + 1) % 9_000}` },
          y: { $ref: `#/$defs/d${(at * 7 + 3) % 9_000}` },
        },
      },
    ]),
  ),
})

let clock: CheckClock
let client: Client
beforeEach(() => {
  clock = new CheckClock()
  client = new Client({ clock })
})

describe('A schema that takes long to compile', () => {
  test('keeps nobody waiting, and is refused with a sentence when its time is over', async () => {
    let isAnswered = false
    const answer = client.register('monster', endless()).finally(() => (isAnswered = true))
    await clock.begun.promise
    const others = Array.from({ length: 20 }, async (_, at) => {
      expect((await client.register(`other-${at}`, { type: 'string' })).status).toBe(200)
      await client.get('/subjects')
      return isAnswered
    })
    expect(new Set(await Promise.all(others))).toEqual(new Set([false]))
    await clock.advance(limits.schemaCheckMs)
    expect(await answer).toMatchObject({
      status: 422,
      body: {
        error_code: 42201,
        message:
          'Compiling or comparing the schema takes longer than 4000 ms. Make it smaller: use fewer properties, alternatives and patterns.',
      },
    })
    expect(await client.get('/subjects/monster/versions')).toMatchObject({ error_code: 40401 })
    expect(client.errors).toEqual([])
  })

  test('leaves the next one a thread', async () => {
    const answer = client.register('monster', endless())
    const next = client.register('orders', large('next'))
    await clock.begun.promise
    await clock.advance(limits.schemaCheckMs)
    expect((await answer).status).toBe(422)
    expect(await next).toMatchObject({ status: 200, body: { version: 1 } })
  })

  test('is refused when too many wait already', async () => {
    const first = client.register('monster', endless())
    await clock.begun.promise
    const all = Array.from({ length: limits.schemaChecksWaiting + 1 }, (_, at) =>
      client.register(`orders-${at}`, large('orders')),
    )
    expect(await Promise.race(all)).toMatchObject({
      status: 500,
      body: { error_code: 50002, message: '64 large schemas wait to be checked already. Try again.' },
    })
    await clock.advance(limits.schemaCheckMs)
    expect((await first).status).toBe(422)
    expect((await Promise.all(all)).filter(({ status }) => status === 200)).toHaveLength(64)
  })
})

describe('A large schema', () => {
  test('is registered, compared and refused as a small one is', async () => {
    expect(await client.register('orders', large('one'))).toMatchObject({ status: 200, body: { version: 1 } })
    expect(await client.register('orders', large('two'))).toMatchObject({ status: 200, body: { version: 2 } })
    const three = large('three')
    three.properties['property7'] = { type: 'number' }
    expect(await client.register('orders', three)).toMatchObject({
      status: 409,
      body: { error_code: 40901, message: expect.stringContaining('/properties/property7/type') },
    })
    expect(await client.register('orders', { ...large('four'), type: 'decimal' })).toMatchObject({
      status: 422,
      body: { error_code: 42201, message: expect.stringContaining('/type must be one of') },
    })
  })

  test('of Avro, too', async () => {
    const fields = Array.from({ length: 200 }, (_, at) => ({ name: `field${at}`, type: 'string' }))
    const avro = { type: 'record', name: 'Order', fields }
    const wider = { ...avro, fields: [...fields, { name: 'more', type: 'int' }] }
    const as = { schemaType: 'AVRO' }
    expect(await client.register('orders', avro, as)).toMatchObject({ status: 200 })
    expect(await client.register('orders', wider, as)).toMatchObject({
      status: 409,
      body: { error_code: 40901 },
    })
  })
})
