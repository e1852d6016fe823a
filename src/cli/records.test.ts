import { expect, test } from 'vitest'
import { limits } from '../index.ts'
import type { StoredRecord, TransportAdmin } from '../log/index.ts'
import { memory } from '../memory/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { lastRecordsOf, recordsOf } from './records.ts'

/** Two partitions that were written in turns, a millisecond apart. */
async function logOf(count: number): Promise<TransportAdmin> {
  const clock = new VirtualClock()
  const engine = memory({ clock })
  await engine.admin.createTopic({
    name: 't',
    partitions: 2,
    retention: { ageMs: undefined, bytes: undefined },
  })
  for (let at = 0; at < count; at++) {
    const event = { specversion: '1.0', id: String(at), source: '/s', type: 't', data: at } as const
    await engine.publish([{ topic: 't', partition: at % 2, event, notBefore: undefined }], { tx: undefined })
    await clock.advance(1)
  }
  return engine.admin
}

const idsOf = (records: readonly StoredRecord[]): number[] =>
  records.map(({ offset, partition }) => offset * 2 + partition)

test('records of several partitions come in the order they were appended', async () => {
  const admin = await logOf(7)
  const ranges = [
    { partition: 0, from: 1, to: 4 },
    { partition: 1, from: 0, to: 2 },
  ]
  expect(idsOf(await Array.fromAsync(recordsOf(admin, 't', ranges)))).toEqual([1, 2, 3, 4, 6])
})

test('a partition is read in pages', async () => {
  const admin = await logOf(0)
  const count = limits.cliReadEvents * 2 + 1
  const asked: number[] = []
  const paged: TransportAdmin = {
    ...admin,
    read: async (topic, partition, from, { maxRecords }) => {
      asked.push(maxRecords)
      const length = Math.min(maxRecords, count - from)
      return Array.from({ length }, (_, at) => ({
        topic,
        partition,
        offset: from + at,
        appendedAt: 0,
        encoded: '',
      }))
    },
  }
  const records = await Array.fromAsync(recordsOf(paged, 't', [{ partition: 0, from: 0, to: count }]))
  expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: count }, (_, at) => at))
  expect(asked).toEqual([limits.cliReadEvents, limits.cliReadEvents, 1])
})

const rare = ({ offset }: StoredRecord): boolean => offset % 20 === 0

test('the last records that match are found however far back they are', async () => {
  const admin = await logOf(100)
  const found = await lastRecordsOf(admin, 't', { partition: 0, from: 0, to: 50 }, 2, rare)
  expect(found.map(({ offset }) => offset)).toEqual([20, 40])
})
