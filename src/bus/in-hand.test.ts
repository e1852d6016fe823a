import { expect, test } from 'vitest'
import { groupDefaults, seededRandom } from '../kernel/index.ts'
import type { Subscription } from '../log/index.ts'
import { memoryInbox } from '../memory/index.ts'
import { type Engine, openBus } from './index.ts'
import { catalog, type Fixture, gate, openFixture, placed } from './orders.fixture.ts'

/** The engine of a fixture, its subscriptions seen or hindered on the way. */
function through(
  { engine }: Fixture,
  wrap: (subscription: Subscription) => Partial<Subscription>,
): Engine<Fixture['engine']['capabilities']> {
  return {
    capabilities: engine.capabilities,
    admin: engine.admin,
    deadLetters: engine.deadLetters,
    publish: (records, options) => engine.publish(records, options),
    async subscribe(request) {
      const subscription = await engine.subscribe(request)
      const methods = wrap(subscription)
      return new Proxy(subscription, {
        get(target, name) {
          const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
    probe: () => engine.probe(),
    close: async () => undefined,
  }
}

const silent = (): void => undefined

function open(
  { clock }: Fixture,
  transport: Engine<Fixture['engine']['capabilities']>,
): Promise<Fixture['bus']> {
  return openBus({
    transport,
    source: '/tests',
    catalog,
    clock,
    random: seededRandom(2),
    drainOn: false,
    report: silent,
  })
}

test('A member whose handlers do not end reads no more than it may hold, and goes on when they do', async () => {
  await using fixture = await openFixture()
  let read = 0
  const counting = through(fixture, (subscription) => ({
    async *[Symbol.asyncIterator]() {
      for await (const batch of subscription) {
        read += batch.records.length
        yield batch
      }
    },
  }))
  const bus = await open(fixture, counting)
  const door = gate()
  let handled = 0
  void bus
    .group('billing', { start: 'start', handlerTimeout: '1h' })
    .on(placed, async () => {
      await door.opened
      handled += 1
    })
    .run()
  const total = 2 * groupDefaults.inFlightEvents
  await fixture.place(...Array.from({ length: total }, (_, index) => `key${index}`))
  await fixture.clock.advance(5_000)
  expect(read).toBeGreaterThanOrEqual(groupDefaults.inFlightEvents)
  expect(read).toBeLessThan(groupDefaults.inFlightEvents + groupDefaults.fetchEvents)
  door.open()
  await fixture.clock.advance(5_000)
  expect([read, handled]).toEqual([total, total])
})

for (const remembers of [true, false]) {
  const effects = remembers ? 'once with an inbox' : 'twice without an inbox'
  test(`A crash between handler and commit repeats the delivery; its effect is there ${effects}`, async () => {
    await using fixture = await openFixture()
    const inbox = memoryInbox({ clock: fixture.clock })
    const written: string[] = []
    let dead = false
    const dying = through(fixture, (subscription) => ({
      commit: (progress) => (dead ? new Promise(() => undefined) : subscription.commit(progress)),
    }))
    const run = async (transport: ReturnType<typeof through>, dies: boolean): Promise<void> => {
      const bus = await open(fixture, transport)
      const options = { start: 'start', member: 'pod-0' } as const
      if (remembers) {
        void bus
          .group('billing', { ...options, inbox })
          .on(placed, async ({ event, transact }) => {
            await transact(() => void written.push(event.data.orderId))
            dead = dies
          })
          .run()
      } else {
        void bus
          .group('billing', options)
          .on(placed, ({ event }) => {
            written.push(event.data.orderId)
            dead = dies
          })
          .run()
      }
    }
    await run(dying, true)
    await fixture.place('a')
    await fixture.clock.advance(1_000)
    expect(written).toEqual(['a'])
    // The same member comes back: it takes its old place at once.
    await run(fixture.engine, false)
    await fixture.clock.advance(5_000)
    expect(written).toEqual(remembers ? ['a'] : ['a', 'a'])
    expect((await fixture.bus.admin.lag('billing')).map(({ lag }) => lag)).toEqual([0, 0])
  })
}
