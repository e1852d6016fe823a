import { describe, expect, test, vi } from 'vitest'
import type { CloudEvent } from '../event/index.ts'
import { constant, exponential, limits, seededRandom } from '../kernel/index.ts'
import { memory } from '../memory/index.ts'
import { openBus } from './bus.ts'
import type { BusOptions } from './bus-options.ts'
import { checkHandler } from './check-handler.ts'
import type { GroupOptions } from './group-options.ts'
import { catalog, openFixture, paid, placed } from './orders.fixture.ts'
import { retryDelayMs, retryOf } from './retry.ts'

const random = seededRandom(1)

describe('openBus', () => {
  const right = { transport: memory(), source: '/orders', catalog, drainOn: false } as const

  test.each([
    [
      { transport: Promise.resolve(memory()) },
      "got a Promise as transport. Await it, and give an engine: transport: await sqlite('shop.db').",
    ],
    [{ transport: undefined }, 'got undefined as transport. Give an engine'],
    [{ transport: 'sqlite:shop.db' }, 'got "sqlite:shop.db" as transport.'],
    [{ catalog: undefined }, 'got undefined as catalog. Give what defineCatalog makes'],
    [{ catalog: [paid] }, 'got an array as catalog.'],
    [{ source: undefined }, "The source is missing. Name this service, as in source: '/orders-service'."],
    [{ source: '' }, 'The source must be a URI-reference'],
    [
      { source: 'orders service' },
      'The source must be a URI-reference (RFC 3986 §4.1) and not empty (it is "orders service").',
    ],
    [{ schemaBase: '/schemas' }, 'The schemaBase is not the beginning of a URI'],
    [{ namespace: 7 }, 'A namespace cannot be called 7.'],
    [{ report: 'stderr' }, 'got "stderr" as report. Give a function'],
    [{ drainOn: 'SIGTERM' }, 'got "SIGTERM" as drainOn. Give names of signals'],
    [{ drainOn: ['SIGTREM'] }, 'got an array as drainOn.'],
    [{ tranpsort: memory() }, 'openBus has no option "tranpsort". There are'],
    [{ namespaces: 'a' }, 'openBus has no option "namespaces". Did you mean namespace?'],
  ])('with %j says what to write instead', async (wrong, sentence) => {
    await expect(openBus({ ...right, ...wrong } as typeof right)).rejects.toThrow(sentence)
  })

  test('without options says so', async () => {
    await expect(openBus(undefined as unknown as BusOptions<never, never>)).rejects.toThrow(
      'option_invalid: openBus takes its options as an object, not undefined.',
    )
  })
})

describe('group', () => {
  test.each([
    [{ start: 'begin' }, `start is "begin". Give 'start', 'end', { time } or { offset }.`],
    [{ start: { time: 'soon' } }, 'start is an object. Give'],
    [{ start: { offset: -1 } }, 'start is an object. Give'],
    [{ retry: { backoff: '1s' } }, `retry.backoff is "1s". Give a function, as exponential('1s', '1m')`],
    [{ retry: { attempts: 0 } }, 'retry.attempts is 0.'],
    [{ retry: { atempts: 2 } }, 'retry has no option "atempts". Did you mean attempts?'],
    [{ rewind: true }, `rewind is true. Give 'allowed' or 'refused'.`],
    [{ afterNewer: 'skip' }, `afterNewer is "skip". Give 'wait' or 'dead-letter'.`],
    [{ concurrency: 1.5 }, 'concurrency is 1.5. Give a whole number from 1.'],
    [{ assumeVersion: { 'com.example.orders.paid': 0 } }, 'assumeVersion of com.example.orders.paid is 0.'],
    [{ inbox: Promise.resolve({}) }, 'inbox is a Promise.'],
    [{ concurency: 4 }, 'group() has no option "concurency". Did you mean concurrency?'],
  ])('with %j says what to write instead', async (wrong, sentence) => {
    await using fixture = await openFixture()
    expect(() => fixture.bus.group('billing', wrong as GroupOptions)).toThrow(`option_invalid: ${sentence}`)
  })

  test('needs a name', async () => {
    await using fixture = await openFixture()
    expect(() => fixture.bus.group(undefined as unknown as string)).toThrow(
      'name_invalid: A group cannot be called',
    )
    expect(() => fixture.bus.group('x'.repeat(limits.nameLength + 1))).toThrow(/^name_invalid: .* 1 to 128 /)
  })

  test('needs something to handle and a function that handles it', () => {
    expect(() => checkHandler('billing', paid, undefined)).toThrow(
      'option_invalid: Group "billing" got undefined as the handler. Give a function of the delivery',
    )
    expect(() => checkHandler('billing', paid.type, () => undefined)).toThrow(
      'option_invalid: Group "billing" got "com.example.orders.paid" as what to handle. Give an event definition',
    )
    expect(() => checkHandler('billing', paid.versions, () => undefined)).not.toThrow()
  })
})

describe('publish', () => {
  const data = { orderId: 'a' }

  test.each([
    ['a type', paid.type, 'publish got "com.example.orders.paid" as its event. Give the definition itself'],
    ['nothing', undefined, 'publish got undefined as its event.'],
    ['an event', paid.create(data), 'publish got an object as its event.'],
  ])('of %s says that it takes a definition', async (_, definition, sentence) => {
    await using fixture = await openFixture()
    await expect(fixture.bus.publish(definition as never, data as never)).rejects.toThrow(
      `option_invalid: ${sentence}`,
    )
  })

  test.each([
    [{ notBefore: new Date('x') }, 'notBefore is Invalid Date, which is not a time.'],
    [{ notBefore: 'soon' }, 'notBefore is "soon", which is not a time.'],
    [{ notbefore: '2026-01-31' }, 'publish has no option "notbefore". Did you mean notBefore?'],
    [{ source: '/other' }, 'publish has no option "source". There are'],
    ['2026-01-31', 'publish takes its options as an object, not "2026-01-31".'],
  ])('with %j says what to write instead', async (wrong, sentence) => {
    await using fixture = await openFixture()
    await expect(fixture.bus.publish(paid, data, wrong as object)).rejects.toThrow(
      `option_invalid: ${sentence}`,
    )
  })

  test('of many takes what create has made', async () => {
    await using fixture = await openFixture()
    const publishAll = (events: unknown): Promise<void> => fixture.bus.publishAll(events as never[])
    await expect(publishAll([paid.create(data), { type: paid.type, data }])).rejects.toThrow(
      'option_invalid: publishAll got an object without a version at index 1. Make each event with definition.create(data)',
    )
    await expect(publishAll([undefined])).rejects.toThrow(
      'option_invalid: publishAll got undefined at index 0.',
    )
    await expect(publishAll(paid.create(data))).rejects.toThrow('Give the events as an array.')
    await expect(fixture.bus.publishAll([], { tx: {} } as object)).rejects.toThrow(
      'publishAll has no option "tx".',
    )
    await expect(fixture.bus.publishEvents({} as CloudEvent[])).rejects.toThrow(
      'Give the events as an array.',
    )
    await expect(fixture.bus.publishEvents([null as unknown as CloudEvent])).rejects.toThrow('event_invalid')
  })
})

describe('A backoff', () => {
  test('decides how long the next attempt waits, until there is none', () => {
    const retry = retryOf({ attempts: 3, backoff: constant('50ms') })
    expect([1, 2, 3].map((failed) => retryDelayMs(retry, failed, random))).toEqual([50, 50, undefined])
  })

  const defaultWaitMs = { min: 900, max: 1_100 }

  test.each([
    ['NaN', () => Number.NaN],
    ['-1', () => -1],
    ['Infinity', () => Number.POSITIVE_INFINITY],
    ['"5s"', () => '5s'],
    ['a Promise', async () => 5],
  ])('that returns %s is replaced by the default wait, and warned of once', (shown, backoff) => {
    const warn = vi.fn<(warning: Error) => void>()
    const retry = retryOf({ backoff: backoff as never }, warn)
    const waitMs = retryDelayMs(retry, 1, random)
    retryDelayMs(retry, 2, random)
    expect(waitMs).toBeGreaterThanOrEqual(defaultWaitMs.min)
    expect(waitMs).toBeLessThanOrEqual(defaultWaitMs.max)
    expect(warn.mock.calls.map(([warning]) => warning.message)).toEqual([
      `option_invalid: retry.backoff returned ${shown}; the default wait is taken instead. Return milliseconds from 0.`,
    ])
  })

  test('that throws is replaced by the default wait, and warned of with its cause', () => {
    const cause = new Error('no')
    const warnings: Error[] = []
    const backoff = (): number => {
      throw cause
    }
    const retry = retryOf({ backoff }, (warning) => warnings.push(warning))
    expect(retryDelayMs(retry, 1, random)).toBeGreaterThan(0)
    expect(warnings.map((warning) => warning.cause)).toEqual([cause])
  })

  test('that is right is not warned of', () => {
    const warn = vi.fn<(warning: Error) => void>()
    retryDelayMs(retryOf({ backoff: exponential('1s', '1m') }, warn), 1, random)
    expect(warn).not.toHaveBeenCalled()
  })

  test('that never says how long does not stop its event', async () => {
    await using fixture = await openFixture()
    const warning = new Promise((resolve) => process.once('warning', resolve))
    let attempts = 0
    const group = fixture.bus.group('billing', {
      start: 'start',
      retry: { attempts: 2, backoff: () => Number.NaN },
    })
    void group
      .on(placed, () => {
        attempts += 1
        throw new Error('no')
      })
      .run()
    await fixture.place('a')
    await fixture.clock.advance(5_000)
    expect(attempts).toBe(2)
    expect(String(await warning)).toContain('retry.backoff returned NaN')
  })
})
