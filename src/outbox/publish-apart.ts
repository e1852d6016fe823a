import { decodeJson } from '../event/index.ts'
import { toError } from '../kernel/index.ts'
import type { OutgoingRecord } from '../log/index.ts'
import type { PendingRecord, Refusal } from './outbox-store.ts'
import { isRefusal } from './relay-policy.ts'

export type Publish = (records: readonly OutgoingRecord[]) => Promise<void>

/**
 * Publishes all in their order, and returns those that the engine refuses for good: when it refuses a batch, the halves are
 * published one after the other, down to the event that it means. Rejects with what else went wrong; then some may be
 * published all the same.
 */
export async function publishApart(
  records: readonly PendingRecord[],
  publish: Publish,
): Promise<readonly Refusal[]> {
  try {
    await publish(records.map(outgoing))
    return []
  } catch (error) {
    if (!isRefusal(error)) throw error
    const [first] = records
    if (records.length === 1 && first !== undefined) {
      return [{ position: first.position, reason: toError(error).message }]
    }
    const half = Math.ceil(records.length / 2)
    const refused = await publishApart(records.slice(0, half), publish)
    return [...refused, ...(await publishApart(records.slice(half), publish))]
  }
}

/** @throws what `decodeJson` does for a body that is no event. */
function outgoing({ topic, partition, body, notBefore }: PendingRecord): OutgoingRecord {
  return { topic, partition, event: decodeJson(body), notBefore }
}
