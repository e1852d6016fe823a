import type { EncodedEvent } from '../event/index.ts'
import type { AppendRecord, LogStore, PartitionBounds, StoredRecord } from '../log/index.ts'

/** The topic that the cases write to. */
export const topic = 'orders'
export const noRetention = { ageMs: undefined, bytes: undefined } as const

export async function createOrders(store: LogStore, partitions = 2): Promise<void> {
  await store.createTopic({ name: topic, partitions, retention: noRetention })
}

export function record(body: string, options: Partial<AppendRecord> = {}): AppendRecord {
  return { topic, partition: 0, body, notBefore: undefined, ...options }
}

export function append(store: LogStore, ...records: readonly AppendRecord[]): Promise<void> {
  return store.append(records, { tx: undefined })
}

export function readAll(store: LogStore, partition = 0, from = 0): Promise<readonly StoredRecord[]> {
  return store.read(topic, partition, from, { maxRecords: 10_000, maxBytes: 2 ** 40 })
}

export async function bodies(store: LogStore, partition = 0, from = 0): Promise<readonly EncodedEvent[]> {
  return (await readAll(store, partition, from)).map(({ encoded }) => encoded)
}

export async function boundsOf(store: LogStore, partition = 0): Promise<PartitionBounds | undefined> {
  return (await store.bounds(topic)).find((each) => each.partition === partition)
}
