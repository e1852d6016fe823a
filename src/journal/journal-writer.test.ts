import { describe, expect, test } from 'vitest'
import { limits, TidingsError } from '../kernel/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { DeliveriesData } from './journal-events.ts'
import { JournalWriter, type Reported } from './journal-writer.ts'

const entry = (offset: number, subject = 'o-1'): Reported => ({
  topic: 'orders',
  partition: 0,
  offset,
  at: 10,
  appendedAt: 5,
  attempt: 1,
  outcome: 'handled',
  tookMs: 1,
  event: { source: '/orders', id: String(offset), type: 'com.example.orders.placed', subject },
})

function opened(send?: (data: DeliveriesData) => Promise<void>): {
  readonly writer: JournalWriter
  readonly clock: VirtualClock
  readonly sent: DeliveriesData[]
  readonly losses: unknown[]
} {
  const clock = new VirtualClock()
  const sent: DeliveriesData[] = []
  const losses: unknown[] = []
  const writer = new JournalWriter({
    service: '/orders',
    member: 'one',
    group: 'mails',
    clock,
    send: async (data) => {
      await send?.(data)
      sent.push(data)
    },
    lost: (error) => losses.push(error),
  })
  return { writer, clock, sent, losses }
}

const offsetsOf = (sent: readonly DeliveriesData[]): number[] =>
  sent.flatMap(({ deliveries }) => deliveries.map(({ offset }) => offset))

describe('What a member reports', () => {
  test('is sent after a while, together', async () => {
    const { writer, clock, sent } = opened()
    writer.add(entry(0))
    writer.add(entry(1))
    await clock.advance(limits.journalEveryMs - 1)
    expect(sent).toEqual([])
    await clock.advance(1)
    expect(sent).toMatchObject([{ service: '/orders', member: 'one', group: 'mails', before: 0, lost: 0 }])
    expect(offsetsOf(sent)).toEqual([0, 1])
  })

  test('is sent at once when there is much, and counted on', async () => {
    const { writer, clock, sent } = opened()
    for (let offset = 0; offset < 2.5 * limits.journalEntries; offset++) writer.add(entry(offset))
    await clock.advance(0)
    await writer.flush()
    expect(sent.map(({ before, deliveries }) => [before, deliveries.length])).toEqual([
      [0, 1_000],
      [1_000, 1_000],
      [2_000, 500],
    ])
  })

  test('fits into an event, however long its names are', async () => {
    const { writer, sent } = opened()
    for (let offset = 0; offset < 40; offset++) writer.add(entry(offset, '\u0001'.repeat(10_000)))
    await writer.close()
    expect(offsetsOf(sent)).toHaveLength(40)
    for (const data of sent) expect(JSON.stringify(data).length).toBeLessThan(limits.eventBytes)
  })

  test('is sent before the member ends, and nothing after it', async () => {
    const { writer, clock, sent } = opened()
    writer.add(entry(0))
    await writer.close()
    writer.add(entry(1))
    await clock.advance(60_000)
    expect(offsetsOf(sent)).toEqual([0])
  })
})

describe('A journal that does not answer', () => {
  test('gets everything later, and is warned of once', async () => {
    let works = false
    const { writer, clock, sent, losses } = opened(async () => {
      if (!works) throw new Error('away')
    })
    writer.add(entry(0))
    await clock.advance(60_000)
    writer.add(entry(1))
    await clock.advance(60_000)
    expect(losses).toHaveLength(1)
    works = true
    await clock.advance(limits.journalRetryMs)
    expect(offsetsOf(sent)).toEqual([0, 1])
  })

  test('holds up nobody: the oldest entries are given up, and counted', async () => {
    let works = false
    const { writer, clock, sent } = opened(async () => {
      if (!works) throw new Error('away')
    })
    writer.add(entry(0))
    await clock.advance(limits.journalEveryMs)
    for (let offset = 1; offset <= limits.journalPending; offset++) writer.add(entry(offset))
    works = true
    await clock.advance(limits.journalRetryMs)
    const [first, second] = sent
    const lost = limits.journalEntries
    expect([first?.lost, first?.before, first?.deliveries[0]?.offset]).toEqual([lost, lost, lost])
    expect(second?.before).toBe(2 * lost)
    expect(offsetsOf(sent)).toHaveLength(limits.journalPending + 1 - lost)
  })

  test('gives up what it does not take, and goes on with what follows', async () => {
    const { writer, clock, sent, losses } = opened(async ({ before }) => {
      if (before === 0) throw new TidingsError('event_too_large', 'Too large.')
    })
    writer.add(entry(0))
    await clock.advance(limits.journalEveryMs)
    writer.add(entry(1))
    await clock.advance(limits.journalEveryMs)
    expect(losses).toHaveLength(1)
    expect(sent).toMatchObject([{ before: 1, lost: 1, deliveries: [{ offset: 1 }] }])
  })

  test('is not asked anew for every entry', async () => {
    let asked = 0
    const { writer, clock } = opened(async () => {
      asked += 1
      throw new Error('away')
    })
    for (let offset = 0; offset < 5_000; offset++) {
      writer.add(entry(offset))
      if (offset % 100 === 0) await clock.advance(1)
    }
    expect(asked).toBe(1)
  })
})
