import type { Channel } from 'amqplib'

/** Where a topic's events are published; the routing key is the partition. */
export function exchangeOf(topic: string): string {
  return topic
}

/** Names have no slash, so no two are alike. */
export function queueOf(group: string, topic: string, partition: number): string {
  return `${group}/${topic}/${partition}`
}

export interface TopicQueues {
  readonly topic: string
  readonly partitions: number
  readonly groups: readonly string[]
}

/** Declares a topic's exchange and the queues of groups, bound to it; what is there stays as it is. */
export async function declareTopic(
  channel: Channel,
  { topic, partitions, groups }: TopicQueues,
): Promise<void> {
  await channel.assertExchange(exchangeOf(topic), 'direct', { durable: true })
  for (const group of groups) {
    await Promise.all(
      Array.from({ length: partitions }, (_, partition) => declareQueue(channel, group, topic, partition)),
    )
  }
}

export async function declareQueue(
  channel: Channel,
  group: string,
  topic: string,
  partition: number,
): Promise<void> {
  const queue = queueOf(group, topic, partition)
  await channel.assertQueue(queue, { durable: true, arguments: queueArguments })
  await channel.bindQueue(queue, exchangeOf(topic), String(partition))
}

const queueArguments = {
  'x-queue-type': 'quorum',
  'x-single-active-consumer': true,
  // RabbitMQ 4 drops what was delivered twenty times; here attempts are counted above, and end with a dead letter.
  'x-delivery-limit': 1_000_000_000,
}
