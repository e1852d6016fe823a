import { groupDefaults } from '../kernel/index.ts'
import type { StoredRecord, TransportAdmin } from '../log/index.ts'

const page = { maxRecords: 1_000, maxBytes: groupDefaults.fetchBytes }

/** Every record of these topics, partition by partition, in offset order. */
export async function readTopics(
  admin: TransportAdmin,
  names: ReadonlySet<string>,
): Promise<readonly StoredRecord[]> {
  const all: StoredRecord[] = []
  const topics = (await admin.topics()).filter(({ name }) => names.has(name))
  for (const { topic, partition, begin, end } of topics.flatMap(({ bounds }) => bounds)) {
    for (let from = begin; from < end; ) {
      const records = await admin.read(topic, partition, from, page)
      all.push(...records)
      from = (records.at(-1)?.offset ?? end) + 1
    }
  }
  return all
}
