import type { Topic } from '../catalog/index.ts'
import { TidingsError } from '../kernel/index.ts'
import type { TransportAdmin } from '../log/index.ts'

/** Creates a topic where it is not. @throws `partition_count_mismatch` where it is there with another count. */
export async function openTopic(
  admin: TransportAdmin,
  { name, partitions, retention }: Topic,
): Promise<void> {
  const { ageMs, bytes } = retention
  const stored = await admin.createTopic({ name, partitions, retention: { ageMs, bytes } })
  if (stored.partitions === partitions) return
  throw new TidingsError(
    'partition_count_mismatch',
    `Topic "${name}" has ${stored.partitions} partitions, and the catalog says ${partitions}. Keys would change their partition and lose their order: say ${stored.partitions}, or publish to a new topic.`,
  )
}
