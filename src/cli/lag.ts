import type { Command } from 'commander'
import { durationText } from '../index.ts'
import type { PartitionLag } from '../log/index.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { type Column, table } from './table.ts'
import { counted, countText } from './text.ts'

export function addLag(program: Command, { io, output }: Context): void {
  program
    .command('lag')
    .argument('[group]', 'only this group')
    .description('Show how far each group is behind on each topic, in events and in time.')
    .option('--json', 'one JSON object a line, for each group and topic')
    .addHelpText('after', examples)
    .action(async (group: string | undefined, options: { json?: true }, command: Command) => {
      await withEngine(command.optsWithGlobals<EngineOptions>(), io, async ({ admin }) => {
        const lags = totalsOf(await admin.lag(group))
        if (options.json) await output.lines(lags.map((lag) => JSON.stringify(lag)))
        else if (lags.length > 0) await output.lines(table(columns, withTotal(lags)))
        else output.words('No group has read anything yet.')
      })
    })
}

const examples = `
Examples:
  tidings lag
  tidings lag notifications --json
  watch tidings lag --url sqlite:shop.db`

/** How far one group is behind on one topic. */
interface TopicLag {
  readonly group: string
  readonly topic: string
  /** Events that are not committed. */
  readonly lag: number
  /** How long the oldest of them has been waiting. */
  readonly lagMs: number
  /** Partitions that deliver nothing until a seek: what was committed has been deleted by retention. */
  readonly resetRequired: readonly number[]
  readonly partitions: readonly Omit<PartitionLag, 'group' | 'topic'>[]
}

function totalsOf(lags: readonly PartitionLag[]): TopicLag[] {
  const byTopic = Map.groupBy(lags, ({ group, topic }) => `${group}/${topic}`)
  return [...byTopic.values()].flatMap((each) => {
    const [first] = each
    if (first === undefined) return []
    const partitions = each.map(({ group: _group, topic: _topic, ...partition }) => partition)
    return [{ group: first.group, topic: first.topic, ...summed(partitions), partitions }]
  })
}

function summed(partitions: TopicLag['partitions']): Pick<TopicLag, 'lag' | 'lagMs' | 'resetRequired'> {
  return {
    lag: partitions.reduce((total, { lag }) => total + lag, 0),
    lagMs: Math.max(0, ...partitions.map(({ lagMs }) => lagMs)),
    resetRequired: partitions.filter((each) => each.resetRequired).map(({ partition }) => partition),
  }
}

function withTotal(lags: readonly TopicLag[]): readonly TopicLag[] {
  if (lags.length < 2) return lags
  const partitions = lags.flatMap((each) => each.partitions)
  return [...lags, { group: 'total', topic: '', ...summed(partitions), partitions }]
}

const columns: readonly Column<TopicLag>[] = [
  { title: 'GROUP', text: ({ group }) => group },
  { title: 'TOPIC', text: ({ topic }) => topic },
  { title: 'LAG', align: 'right', text: ({ lag }) => countText(lag) },
  { title: 'OLDEST', align: 'right', text: ({ lagMs }) => (lagMs === 0 ? '-' : durationText(lagMs)) },
  {
    title: 'RESET REQUIRED',
    text: ({ resetRequired }) =>
      resetRequired.length === 0 ? '-' : counted(resetRequired.length, 'partition'),
  },
]
