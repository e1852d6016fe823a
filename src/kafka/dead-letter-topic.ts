const suffix = '.dead-letter'

/** Where the dead letters of a group are kept, by the partitions of the topic that they are of. */
export function deadLetterTopic(group: string, topic: string): string {
  return `${topic}.${group}${suffix}`
}

export function isDeadLetterTopic(topic: string): boolean {
  return topic.endsWith(suffix)
}
