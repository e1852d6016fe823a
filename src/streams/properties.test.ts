import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defineEvent } from '../catalog/index.ts'
import { jsonSchema } from '../schema/index.ts'
import { defineStream } from './index.ts'
import {
  all,
  type OrderCommand,
  type OrderState,
  opened,
  order,
  orderStream,
  paid,
  placed,
} from './orders.fixture.ts'

const timeOf = (minute: number): Date => new Date(minute * 60_000)
const anOrder = { name: 'order', id: '7' }

describe('State', () => {
  test('made of a snapshot and the events after it is that made of all events', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.nat(40), { maxLength: 5 }),
        async (sizes, every, versions) => {
          const { streams, store } = opened()
          const snapshotting = orderStream.decider<OrderState, readonly string[]>({
            initialState: order.initialState,
            decide: (ids) => ids.map((paymentId) => paid.create({ paymentId })),
            evolve: (state, event) => order.evolve(state, event),
            snapshots: { every, version: 1 },
          })
          for (const [index, size] of sizes.entries()) {
            const ids = Array.from({ length: size }, (_, at) => `${index}.${at}`)
            expect(await streams.execute(snapshotting, '7', ids)).toEqual(
              (await streams.load(order, '7')).state,
            )
          }
          expect(await streams.load(snapshotting, '7')).toEqual(await streams.load(order, '7'))
          for (const version of versions) {
            const point = { version }
            expect(await streams.load(snapshotting, '7', point)).toEqual(
              await streams.load(order, '7', point),
            )
          }
          expect((await store.read(anOrder, { limit: 1_000 })).length).toBe(sizes.reduce((a, b) => a + b))
        },
      ),
      { numRuns: 50 },
    )
  })

  test('is that of the longest beginning in which no time is later', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 20 }),
        fc.integer({ min: 0, max: 21 }),
        fc.integer({ min: 1, max: 5 }),
        async (minutes, asOfMinute, every) => {
          const { streams } = opened()
          const decider = orderStream.decider<number, number>({
            initialState: 0,
            decide: () => placed.create({ cents: 1 }),
            evolve: (count) => count + 1,
            snapshots: { every, version: 1 },
          })
          for (const minute of minutes) await streams.execute(decider, '7', 0, { time: timeOf(minute) })
          const later = minutes.findIndex((minute) => minute > asOfMinute)
          const { state } = await streams.load(decider, '7', { asOf: timeOf(asOfMinute) })
          expect(state).toBe(later === -1 ? minutes.length : later)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('Upcasters', () => {
  test('compose: data of any version comes out as the steps from it make it, one after the other', () => {
    const steps = fc.array(
      fc.record({ factor: fc.integer({ min: -3, max: 3 }), add: fc.integer({ min: -9, max: 9 }) }),
      { minLength: 1, maxLength: 6 },
    )
    const number = jsonSchema<{ n: number }>({ properties: { n: { type: 'integer' } }, required: ['n'] })
    fc.assert(
      fc.property(steps, fc.integer({ min: -99, max: 99 }), fc.nat(), (functions, n, from) => {
        const upcasters = functions.map(({ factor, add }) => (data: { n: number }) => ({
          n: data.n * factor + add,
        }))
        const first = defineEvent('counted').version(1, number)
        const definition = upcasters.reduce(
          (history, upcast, index) => history.version((index + 2) as never, number, upcast) as never,
          first,
        )
        const stream = defineStream('count', { events: [definition] })
        const version = 1 + (from % (functions.length + 1))
        const event = {
          specversion: '1.0',
          id: '1',
          source: '/a',
          type: 'counted',
          dataschema: `tidings:schemas/counted/${version}`,
          data: { n },
        } as const
        const expected = upcasters.slice(version - 1).reduce((data, upcast) => upcast(data), { n })
        const decoded = stream.decode(event, version)
        expect([decoded.version, decoded.event.data]).toEqual([functions.length + 1, expected])
      }),
    )
  })
})

describe('Commands at the same time', () => {
  test('come out as if one had followed the other, in some order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(2), { minLength: 2, maxLength: 20 }),
        fc.scheduler(),
        async (processes, scheduler) => {
          const { streams, store, clock } = opened()
          const append = store.append.bind(store)
          store.append = (...given) => scheduler.schedule(Promise.resolve()).then(() => append(...given))
          const others = [0, 1, 2].map(() => opened(store))
          const running = { over: false }
          const commands = processes.map(async (process, index) => {
            const command: OrderCommand =
              index === 0 ? { type: 'place', cents: 1 } : { type: 'pay', paymentId: `${index}` }
            return others[process]?.streams.execute(order, '7', command).then(
              (state) => ({ index, state }),
              () => ({ index, state: undefined }),
            )
          })
          const results = Promise.all(commands).finally(() => (running.over = true))
          while (!running.over) {
            await scheduler.waitIdle()
            for (const each of [{ clock }, ...others]) await each.clock.advance(1)
          }
          const { state } = await streams.load(order, '7')
          for (const result of await results) {
            if (result?.state === undefined || result.index === 0) continue
            // What it saw is a beginning of what there is, and ends with its own event.
            const { payments } = result.state
            expect(payments).toEqual(state.payments.slice(0, payments.length))
            expect(payments.at(-1)).toBe(`${result.index}`)
          }
          expect(new Set(state.payments).size).toBe(state.payments.length)
          const done = (await results).filter((result) => result?.state !== undefined)
          expect((await all(streams.readAll([orderStream]))).length).toBe(done.length)
        },
      ),
      { numRuns: 40 },
    )
  }, 60_000)
})
