import { isTidingsError } from '../kernel/index.ts'
import { partitionName } from '../log/index.ts'
import type { Broker } from './broker.ts'
import { isNotFound } from './broker-errors.ts'
import { queueOf } from './queues.ts'
import type { TopologyStore } from './topology.ts'
import type { InFlight } from './topology-state.ts'

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
  const queues = places.map(({ topic, partition }) => queueOf(group, topic, partition))
  const ready = await readyIn(broker, queues)
  return places.map(({ topic, partition }, index) => ({
    topic,
    partition,
    ready: ready[index] ?? 0,
    inFlight: inHand(topic, partition) ?? reported(topic, partition) ?? nothing,
  }))
}

/** How many wait in each queue. A queue that somebody has deleted ends the channel, and has none. */
async function readyIn(broker: Broker, queues: readonly string[]): Promise<readonly number[]> {
  try {
    return await broker.ask('Looking at queues', (channel) =>
      Promise.all(queues.map(async (queue) => (await channel.checkQueue(queue)).messageCount)),
    )
  } catch (error) {
    if (!isTidingsError(error) || !isNotFound(error.cause)) throw error
    if (queues.length === 1) return [0]
    return (await Promise.all(queues.map((queue) => readyIn(broker, [queue])))).flat()
  }
}
