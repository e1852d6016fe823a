import { expect, test } from 'vitest'
import type { Bus, Engine } from '../src/bus/index.ts'
import { defineCatalog, defineEvent, defineTopic, openBus } from '../src/index.ts'
import type { Capabilities } from '../src/log/index.ts'
import { memory } from '../src/memory/index.ts'
import { everyEngine } from './every-engine.ts'

const created = defineEvent('created').version(1, { type: 'object' } as const)
const catalog = defineCatalog([defineTopic('orders', { events: [created] })])
const later = { notBefore: new Date() }

/** What a program asks of a bus, with the capability that it needs. */
const wishes: readonly {
  readonly call: string
  readonly capability: string
  readonly has: (capabilities: Capabilities) => boolean
  readonly ask: (bus: Bus<Capabilities, 'created'>) => unknown
}[] = [
  {
    call: 'publish(…, { notBefore })',
    capability: 'delay',
    has: ({ delay }) => delay,
    ask: (bus) => bus.publish(created, {}, later),
  },
  {
    call: 'publishAll(…, { notBefore })',
    capability: 'delay',
    has: ({ delay }) => delay,
    ask: (bus) => bus.publishAll([created.create({})], later),
  },
  {
    call: 'publish(…, { tx })',
    capability: 'callerTransaction',
    has: ({ callerTransaction }) => callerTransaction,
    ask: (bus) => bus.publish(created, {}, { tx: {} as never }),
  },
  {
    call: 'outbox() without a store',
    capability: 'callerTransaction',
    has: ({ callerTransaction }) => callerTransaction,
    ask: (bus) => bus.outbox(),
  },
  {
    call: "group(…, { afterDeadLetter: 'hold' })",
    capability: 'hold',
    has: ({ hold }) => hold,
    ask: (bus) => bus.group('billing', { afterDeadLetter: 'hold' }),
  },
  {
    call: "group(…, { start: 'start' })",
    capability: 'replay from start',
    has: ({ replay }) => replay.start,
    ask: (bus) => bus.group('billing', { start: 'start' }),
  },
  {
    call: 'group(…, { start: { time } })',
    capability: 'replay from time',
    has: ({ replay }) => replay.time,
    ask: (bus) => bus.group('billing', { start: { time: '2026-01-01T00:00:00Z' } }),
  },
  {
    call: 'group(…, { start: { offset } })',
    capability: 'replay from offset',
    has: ({ replay }) => replay.offset,
    ask: (bus) => bus.group('billing', { start: { offset: 7 } }),
  },
]

const refusals = everyEngine.flatMap((capabilities) =>
  wishes.flatMap((wish) =>
    wish.has(capabilities) ? [] : [{ engine: capabilities.name, capabilities, ...wish }],
  ),
)

/** An engine that declares these capabilities, whatever it can do. */
function declaring(capabilities: Capabilities): Engine {
  const engine = memory()
  return {
    capabilities,
    admin: engine.admin,
    deadLetters: engine.deadLetters,
    publish: (records, options) => engine.publish(records, options),
    subscribe: (request) => engine.subscribe(request),
    probe: async () => ({ version: '1', durability: [] }),
    close: () => engine.close(),
  }
}

test.each(refusals)(
  '$engine refuses $call: it lacks $capability',
  async ({ engine, capabilities, capability, ask }) => {
    await using bus = await openBus({
      transport: declaring(capabilities),
      source: '/a',
      catalog,
      drainOn: false,
    })
    const asking = (async () => ask(bus))()
    await expect(asking).rejects.toMatchObject({
      code: 'capability_missing',
      details: { engine, capability },
      sentence: expect.stringContaining(`${engine} lacks ${capability}: `),
    })
    const [topic] = await bus.admin.topics()
    expect(topic?.bounds.every(({ end }) => end === 0)).toBe(true)
  },
)
