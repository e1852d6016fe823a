import { Kafka, logLevel } from 'kafkajs'

/** Deletes what a broker has, or only these topics, with another client. */
export async function emptied(url: string, only?: readonly string[]): Promise<void> {
  const { host } = new URL(url.replace('kafka:', 'http:'))
  const admin = new Kafka({ brokers: [host], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    if (only !== undefined) {
      await admin.deleteTopics({ topics: [...only] })
      return
    }
    const { groups } = await admin.listGroups()
    if (groups.length > 0) await admin.deleteGroups(groups.map(({ groupId }) => groupId))
    const topics = (await admin.listTopics()).filter((name) => !name.startsWith('__'))
    if (topics.length > 0) await admin.deleteTopics({ topics })
  } finally {
    await admin.disconnect()
  }
}
