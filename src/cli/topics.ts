import type { Command } from 'commander'
import { durationText, TidingsError } from '../index.ts'
import type { PartitionBounds, Retention, TransportAdmin } from '../log/index.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { type Column, table } from './table.ts'
import { bytesText, countText, namesText } from './text.ts'

export type TopicInfo = Awaited<ReturnType<TransportAdmin['topics']>>[number]

export function addTopics(program: Command, { io, output }: Context): void {
  program
    .command('topics')
    .argument('[topic]', 'show the partitions of this topic')
    .description(
      'List the topics, or the partitions of one: how many events they hold, and where they begin and end.',
    )
    .option('--json', 'one JSON object a line, for each topic')
    .addHelpText('after', examples)
    .action(async (name: string | undefined, options: { json?: true }, command: Command) => {
      await withEngine(command.optsWithGlobals<EngineOptions>(), io, async ({ admin }) => {
        const topics = name === undefined ? await admin.topics() : [await topicNamed(admin, name)]
        if (options.json) await output.lines(topics.map((topic) => JSON.stringify(topicJson(topic))))
        else if (name !== undefined)
          await output.lines(
            table(
              partitionColumns,
              topics.flatMap((topic) => topic.bounds),
            ),
          )
        else if (topics.length > 0) await output.lines(table(topicColumns, topics))
        else output.words('There are no topics yet.')
      })
    })
}

/** @throws `topic_missing`, naming those that are there. */
export async function topicNamed(admin: TransportAdmin, name: string): Promise<TopicInfo> {
  const topics = await admin.topics()
  const topic = topics.find((each) => each.name === name)
  if (topic !== undefined) return topic
  const known =
    topics.length === 0 ? 'There are none yet' : `There is ${namesText(topics.map((each) => each.name))}`
  throw new TidingsError('topic_missing', `There is no topic ${JSON.stringify(name)}. ${known}.`)
}

const examples = `
Examples:
  tidings topics
  tidings topics orders
  tidings topics --json --url sqlite:shop.db`

const topicColumns: readonly Column<TopicInfo>[] = [
  { title: 'TOPIC', text: ({ name }) => name },
  { title: 'PARTITIONS', align: 'right', text: ({ partitions }) => countText(partitions) },
  { title: 'EVENTS', align: 'right', text: ({ bounds }) => countText(sum(bounds, eventsOf)) },
  { title: 'BYTES', align: 'right', text: ({ bounds }) => bytesText(sum(bounds, ({ bytes }) => bytes)) },
  { title: 'RETENTION', text: ({ retention }) => retentionText(retention) },
]

const partitionColumns: readonly Column<PartitionBounds>[] = [
  { title: 'PARTITION', align: 'right', text: ({ partition }) => String(partition) },
  { title: 'BEGIN', align: 'right', text: ({ begin }) => countText(begin) },
  { title: 'END', align: 'right', text: ({ end }) => countText(end) },
  { title: 'EVENTS', align: 'right', text: (bounds) => countText(eventsOf(bounds)) },
  { title: 'BYTES', align: 'right', text: ({ bytes }) => bytesText(bytes) },
]

function topicJson({ name, partitions, retention, bounds }: TopicInfo): object {
  return {
    topic: name,
    partitions,
    events: sum(bounds, eventsOf),
    bytes: sum(bounds, ({ bytes }) => bytes),
    retention,
    bounds: bounds.map(({ partition, begin, end, bytes }) => ({ partition, begin, end, bytes })),
  }
}

function eventsOf({ begin, end }: PartitionBounds): number {
  return end - begin
}

function sum(bounds: readonly PartitionBounds[], of: (bounds: PartitionBounds) => number): number {
  return bounds.reduce((total, each) => total + of(each), 0)
}

function retentionText({ ageMs, bytes }: Retention): string {
  const parts = [
    ...(ageMs === undefined ? [] : [durationText(ageMs)]),
    ...(bytes === undefined ? [] : [bytesText(bytes)]),
  ]
  return parts.length === 0 ? 'for ever' : parts.join(' or ')
}
