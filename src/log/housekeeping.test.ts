import { describe, expect, onTestFinished, test } from 'vitest'
import type { EncodedEvent } from '../event/index.ts'
import { TidingsError } from '../kernel/index.ts'
import { MemoryLogStore } from '../memory/log-store.ts'
import { settle, VirtualClock } from '../testing/index.ts'
import type { Retention } from './admin.ts'
import { applyRetention, Housekeeping } from './housekeeping.ts'

interface Fixture {
  readonly clock: VirtualClock
  readonly store: MemoryLogStore
  append(body: string, delayMs?: number): Promise<void>
  bodies(): Promise<readonly EncodedEvent[]>
  /** The group's committed offset. */
  committed(group: string, offset: number): Promise<void>
}

async function fixture(retention: Partial<Retention> = {}): Promise<Fixture> {
  const clock = new VirtualClock()
  const store = new MemoryLogStore(clock)
  await store.createTopic({
    name: 'orders',
    partitions: 1,
    retention: { ageMs: undefined, bytes: undefined, ...retention },
  })
  return {
    clock,
    store,
    append: (body, delayMs) => {
      const notBefore = delayMs === undefined ? undefined : clock.now() + delayMs
      return store.append([{ topic: 'orders', partition: 0, body, notBefore }], { tx: undefined })
    },
    bodies: async () =>
      (await store.read('orders', 0, 0, { maxRecords: 100, maxBytes: 1_000_000 })).map(
        ({ encoded }) => encoded,
      ),
    async committed(group, offset) {
      await store.moveCommits(group, [{ topic: 'orders', partition: 0, offset, state: '' }], 0, {
        again: false,
      })
    },
  }
}

function keepHouse({ store, clock }: Fixture): Housekeeping {
  const housekeeping = new Housekeeping(store, clock)
  onTestFinished(() => housekeeping.close())
  return housekeeping
}

describe('Delayed events', () => {
  test('are appended when they are due, not before', async () => {
    const log = await fixture()
    keepHouse(log)
    await log.append('b', 20_000)
    await log.append('a', 10_000)
    await log.clock.advance(9_999)
    expect(await log.bodies()).toEqual([])
    await log.clock.advance(1)
    expect(await log.bodies()).toEqual(['a'])
    await log.clock.advance(10_000)
    expect(await log.bodies()).toEqual(['a', 'b'])
  })

  test('of an earlier process are appended too', async () => {
    const log = await fixture()
    await log.append('a', 10_000)
    await log.clock.advance(30_000)
    keepHouse(log)
    await settle()
    expect(await log.bodies()).toEqual(['a'])
  })

  test('are tried again when the engine fails', async () => {
    const log = await fixture()
    const appendDue = log.store.appendDue.bind(log.store)
    let failures = 3
    log.store.appendDue = () =>
      failures-- > 0 ? Promise.reject(new TidingsError('engine_busy', 'Try again.')) : appendDue()
    await log.append('a', 50)
    keepHouse(log)
    await log.clock.advance(1_000)
    expect(await log.bodies()).toEqual(['a'])
  })

  test('wait when the log is closed', async () => {
    const log = await fixture()
    const housekeeping = keepHouse(log)
    await log.append('a', 50)
    housekeeping.close()
    await log.clock.advance(1_000)
    expect(await log.bodies()).toEqual([])
  })
})

describe('Retention', () => {
  test('deletes by age, once a minute', async () => {
    const log = await fixture({ ageMs: 90_000 })
    keepHouse(log)
    await log.append('a')
    await log.clock.advance(60_000)
    await log.append('b')
    await log.clock.advance(59_999)
    expect(await log.bodies()).toEqual(['a', 'b'])
    await log.clock.advance(1)
    expect(await log.bodies()).toEqual(['b'])
  })

  test('waits for the slowest group, up to twice the limit', async () => {
    const log = await fixture({ ageMs: 10_000 })
    await log.append('a')
    await log.append('b')
    await log.committed('fast', 2)
    await log.committed('slow', 1)
    await log.clock.advance(15_000)
    await applyRetention(log.store, log.clock)
    expect(await log.bodies()).toEqual(['b'])
    await log.clock.advance(5_001)
    await applyRetention(log.store, log.clock)
    expect(await log.bodies()).toEqual([])
  })

  test('deletes by bytes', async () => {
    const log = await fixture({ bytes: 20 })
    for (const text of ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc']) await log.append(text)
    await applyRetention(log.store, log.clock)
    expect(await log.bodies()).toEqual(['bbbbbbbbbb', 'cccccccccc'])
  })

  test('leaves a topic without limits alone', async () => {
    const log = await fixture()
    await log.append('a')
    await log.clock.advance(10_000_000)
    await applyRetention(log.store, log.clock)
    expect(await log.bodies()).toEqual(['a'])
  })
})
