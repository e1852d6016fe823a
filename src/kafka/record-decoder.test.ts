import { expect, test } from 'vitest'
import { decodeEvent } from '../event/index.ts'
import { TidingsError } from '../kernel/index.ts'
import { memorySchemaStore } from '../memory/index.ts'
import { embeddedRegistry } from '../schema/index.ts'
import type { KafkaRecord } from './record-batches.ts'
import { RecordDecoder } from './record-decoder.ts'

function record(fields: Partial<KafkaRecord>): KafkaRecord {
  return { offset: 5, timestamp: 1_767_225_600_000, key: null, value: null, headers: [], ...fields }
}

const headers = Object.entries({ ce_specversion: '1.0', ce_id: '1', ce_source: '/a', ce_type: 'a' }).map(
  ([name, value]) => [Buffer.from(name), Buffer.from(value)] as const,
)

test('A record is an event by its headers, where it lies and when it was appended', async () => {
  const [stored] = await new RecordDecoder({}).stored('orders', 1, [
    record({ headers, value: Buffer.from('7') }),
  ])
  expect(stored).toMatchObject({ topic: 'orders', partition: 1, offset: 5, appendedAt: 1_767_225_600_000 })
  expect(decodeEvent(stored?.encoded ?? '')).toMatchObject({ id: '1', source: '/a', type: 'a' })
})

test.each([
  ['headers of no event', record({ value: Buffer.from('{}') })],
  ['a header twice', record({ headers: [...headers, ...headers], value: Buffer.from('{}') })],
])('A record with %s keeps its bytes, and is no event', async (_, given) => {
  const [stored] = await new RecordDecoder({}).stored('orders', 1, [given])
  expect(stored?.encoded).toMatchObject({ body: given.value })
  expect(() => decodeEvent(stored?.encoded ?? '')).toThrow('event_invalid')
})

test('What is declared for a topic is not asked where a record says what it is', async () => {
  const decoder = new RecordDecoder({ orders: { type: 'b' } })
  const [ours, theirs] = await decoder.stored('orders', 1, [
    record({ headers }),
    record({ key: Buffer.from('k') }),
  ])
  expect(decodeEvent(ours?.encoded ?? '').type).toBe('a')
  expect(decodeEvent(theirs?.encoded ?? '')).toMatchObject({
    type: 'b',
    partitionkey: 'k',
    source: '/kafka/orders',
  })
})

test('A registry that does not answer is no fault of the record: it is asked again', async () => {
  const registry = Object.assign(embeddedRegistry(memorySchemaStore()), {
    byId: () => Promise.reject(new TidingsError('registry_unreachable', 'It does not answer.')),
  })
  const framed = record({ value: Buffer.from([0, 0, 0, 0, 1, 123, 125]) })
  const decoder = new RecordDecoder({ orders: { type: 'b', registry } })
  await expect(decoder.stored('orders', 0, [framed])).rejects.toThrow('registry_unreachable')
})
