import type { Broker } from './broker.ts'
import { isNotFound } from './broker-errors.ts'
import { queueOf } from './queues.ts'
import type { TopologyStore } from './topology.ts'
import type { InFlight } from './topology-state.ts'
import { partitionName } from '../log/index.ts'

/** What waits in the queue of one partition of a group. */
export interface Waiting {
  readonly topic: string
  readonly partition: number
  /** In the queue, and delivered to nobody. */
  readonly ready: number
  readonly inFlight: InFlight
}

const nothing: InFlight = { events: 0, oldestAt: undefined }

/**
 * What waits for a group: how many the queue says are ready, and what members of this process have in hand, or those of
 * others last reported.
 */
export async function backlogOf(
  { broker, topology }: { readonly broker: Broker; readonly topology: TopologyStore },
  group: string,
  inHand: (topic: string, partition: number) => InFlight | undefined,
): Promise<readonly Waiting[]> {
  const places = await topology.commits(group)
  const known = topology.group(group)
  const reported = (topic: string, partition: number): InFlight | undefined => {
    const name = partitionName(topic, partition)
    const member = known?.state.held[name]?.member
    return member === undefined ? undefined : known?.reports.get(member)?.[name]
  }
  return Promise.all(
    places.map(async ({ topic, partition }) => ({
      topic,
      partition,
      ready: await readyIn(broker, queueOf(group, topic, partition)),
      inFlight: inHand(topic, partition) ?? reported(topic, partition) ?? nothing,
    })),
  )
}

/** A queue that somebody has deleted has nothing. */
async function readyIn(broker: Broker, queue: string): Promise<number> {
  return broker.ask(`Looking at ${queue}`, async (channel) => {
    try {
      return (await channel.checkQueue(queue)).messageCount
    } catch (error) {
      if (isNotFound(error)) return 0
      throw error
    }
  })
}
