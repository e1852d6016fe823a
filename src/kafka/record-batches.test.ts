import { createRecordsBatch, type MessageRecord } from '@platformatic/kafka'
import { expect, test } from 'vitest'
import { recordsOf } from './record-batches.ts'

type Options = NonNullable<Parameters<typeof createRecordsBatch>[1]>

const time = 1_767_225_600_000

function batchOf(values: readonly string[], first: number, options: Partial<Options> = {}): Buffer {
  const messages = values.map((value) => message(value))
  return Buffer.concat([
    int64(first),
    createRecordsBatch(messages, { compression: 'none', producerId: 7n, ...options }).buffer.subarray(8),
  ])
}

function message(value: string, headers: readonly (readonly [string, Buffer])[] = []): MessageRecord {
  const named = headers.map(([name, bytes]) => [Buffer.from(name), bytes] as const)
  const [key, bytes] = [Buffer.from('k'), Buffer.from(value)]
  return { topic: 'orders', key, value: bytes, headers: new Map(named), timestamp: BigInt(time) }
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

/** Ends a transaction of the producer: an attribute makes an ordinary batch such a marker. */
function marker(first: number): Buffer {
  const bytes = batchOf([''], first, { transactionalId: 't' })
  bytes.writeInt16BE(0b11_0000, 21)
  return bytes
}

function read(batches: readonly Buffer[], from = 0, aborted: Parameters<typeof recordsOf>[1] = []) {
  const { records, next } = recordsOf(Buffer.concat(batches), aborted, from)
  return {
    offsets: records.map(({ offset }) => offset),
    values: records.map(({ value }) => String(value)),
    next,
  }
}

test('Records are read where they lie, as far as the offsets of Kafka go', () => {
  const first = 2 ** 40
  expect(recordsOf(batchOf(['a', 'b'], first), [], 0)).toEqual({
    records: [
      { offset: first, timestamp: time, key: Buffer.from('k'), value: Buffer.from('a'), headers: [] },
      { offset: first + 1, timestamp: time, key: Buffer.from('k'), value: Buffer.from('b'), headers: [] },
    ],
    next: first + 2,
  })
})

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('Compression %s is undone', (compression) => {
  const text = 'x'.repeat(1_000)
  expect(read([batchOf([text, 'b'], 0, { compression })]).values).toEqual([text, 'b'])
})

test('What lies before the offset, in a batch that comes whole, is passed over', () => {
  expect(read([batchOf(['a', 'b', 'c'], 10)], 11)).toEqual({
    offsets: [11, 12],
    values: ['b', 'c'],
    next: 13,
  })
})

test('A batch that is cut off is left for the next time', () => {
  const second = batchOf(['b'], 1)
  for (const length of [20, 62, second.length - 1]) {
    expect(read([batchOf(['a'], 0), second.subarray(0, length)])).toMatchObject({ values: ['a'], next: 1 })
  }
})

test('Records of an aborted transaction are left out, and so is what ends it', () => {
  const open = batchOf(['aborted'], 1, { transactionalId: 't' })
  const others = batchOf(['of another'], 2, { transactionalId: 'u', producerId: 8n })
  const again = batchOf(['committed'], 4, { transactionalId: 't' })
  const batches = [batchOf(['plain'], 0), open, others, marker(3), again, marker(5)]
  const found = read(batches, 0, [{ producerId: 7, firstOffset: 1 }])
  expect(found).toEqual({ offsets: [0, 2, 4], values: ['plain', 'of another', 'committed'], next: 6 })
})

test('Times are those of the broker where the topic stamps what is appended', () => {
  const batch = batchOf(['a'], 0)
  batch.writeInt16BE(0b1000, 21)
  batch.writeBigInt64BE(BigInt(time + 5), 35)
  expect(recordsOf(batch, [], 0).records[0]?.timestamp).toBe(time + 5)
})

test('Headers are text where they are UTF-8, and bytes where they are not, whatever the record before had', () => {
  const notText = Buffer.from([0xff, 0xfe])
  const all = [
    [
      ['ce_id', 'é1'],
      ['ce_type', 'a'],
    ],
    [
      ['ce_id', 'é2'],
      ['ce_type', 'a'],
    ],
    [
      ['ce_type', 'b'],
      ['ce_id', '\uFEFF'],
    ],
    [['ce_id', notText]],
    [['ce_id', '']],
    [],
  ] as const
  const messages = all.map((headers) =>
    message(
      '',
      headers.map(([name, text]) => [name, Buffer.from(text)]),
    ),
  )
  const batch = createRecordsBatch(messages, { compression: 'none', producerId: 7n }).buffer
  expect(recordsOf(batch, [], 0).records.map(({ headers }) => headers)).toEqual(all)
})
