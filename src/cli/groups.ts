import type { Command } from 'commander'
import type { DeadLetterState, DeadLetterStore } from '../dead-letter/index.ts'
import { type GroupInfo, isPaused, type PartitionLag } from '../log/index.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { addForget } from './forget.ts'
import { letterStates, unfinishedStates } from './letters.ts'
import { addPause, pausedText } from './pause.ts'
import { type Column, table } from './table.ts'
import { counted, countText, namesText, printable } from './text.ts'
import { oldestText, summed } from './topic-lag.ts'

export function addGroups(program: Command, context: Context): void {
  const groups = program
    .command('groups')
    .description(
      'Look after the groups that read the log: their members, how far they are, what they could not handle.',
    )
  addList(groups, context)
  addShow(groups, context)
  addPause(groups, context)
  addForget(groups, context)
}

function addList(parent: Command, { io, output }: Context): void {
  parent
    .command('ls')
    .description('List the groups: what they read, how many members live, and how far they are behind.')
    .option('--json', 'one JSON object a line, for each group')
    .addHelpText('after', '\nExample:\n  tidings groups ls --json')
    .action(async (options: { json?: true }, command: Command) => {
      await withEngine(command.optsWithGlobals<EngineOptions>(), io, async ({ admin, deadLetters }) => {
        const lags = Map.groupBy(await admin.lag(), ({ group }) => group)
        const groups = await Promise.all(
          (await admin.groups()).map((info) => groupOf(info, lags.get(info.group) ?? [], deadLetters)),
        )
        if (options.json) await output.lines(groups.map(groupJson))
        else if (groups.length > 0) await output.lines(table(groupColumns, groups))
        else output.words('No group has been here yet.')
      })
    })
}

function addShow(parent: Command, { io, output }: Context): void {
  parent
    .command('show')
    .argument('<group>', 'the group, as `tidings groups ls` lists it')
    .description(
      'Show a group: its members and what they hold, its place in each partition, its dead letters.',
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  tidings groups show notifications')
    .action(async (name: string, options: { json?: true }, command: Command) => {
      await withEngine(command.optsWithGlobals<EngineOptions>(), io, async ({ admin, deadLetters }) => {
        // Of a group that is not there, this throws `group_missing`.
        const lags = await admin.lag(name)
        const found = (await admin.groups()).filter(({ group }) => group === name)
        for (const info of found) {
          const group = await groupOf(info, lags, deadLetters)
          await output.lines(options.json ? [groupJson(group)] : groupLines(group))
        }
      })
    })
}

interface Group extends GroupInfo {
  readonly lags: readonly PartitionLag[]
  readonly deadLetters: Readonly<Partial<Record<DeadLetterState, number>>>
}

async function groupOf(
  info: GroupInfo,
  lags: readonly PartitionLag[],
  store: DeadLetterStore,
): Promise<Group> {
  const { group } = info
  const counts = letterStates.map(async (state) => [state, await store.count({ group, states: [state] })])
  return { ...info, lags, deadLetters: Object.fromEntries(await Promise.all(counts)) as Group['deadLetters'] }
}

const groupColumns: readonly Column<Group>[] = [
  { title: 'GROUP', text: ({ group }) => group },
  { title: 'TOPICS', text: ({ topics }) => namesText(topics) },
  { title: 'MEMBERS', align: 'right', text: ({ members }) => countText(members.length) },
  { title: 'LAG', align: 'right', text: ({ lags }) => countText(summed(lags).lag) },
  { title: 'OLDEST', align: 'right', text: ({ lags }) => oldestText(summed(lags)) },
  { title: 'PAUSED', text: ({ paused }) => pausedText(paused) ?? '-' },
  {
    title: 'DEAD LETTERS',
    align: 'right',
    text: ({ deadLetters }) =>
      countText(unfinishedStates.reduce((total, state) => total + (deadLetters[state] ?? 0), 0)),
  },
]

function groupLines(group: Group): string[] {
  const { members, deadLetters, paused } = group
  const letters = letterStates.flatMap((state) => {
    const count = deadLetters[state] ?? 0
    return count === 0 ? [] : [`${countText(count)} ${state}`]
  })
  return [
    `group         ${printable(group.group)}`,
    `members       ${members.length === 0 ? 'none' : countText(members.length)}`,
    ...members.map(
      ({ member, partitions }) =>
        `              ${printable(member)}, ${counted(partitions.length, 'partition')}`,
    ),
    `paused        ${pausedText(paused) ?? 'nothing'}`,
    `rewind        ${group.rewind}`,
    `dead letters  ${letters.length === 0 ? 'none' : letters.join(', ')}`,
    '',
    ...table(partitionColumns(group), group.lags),
  ]
}

function partitionColumns(group: Group): readonly Column<PartitionLag>[] {
  return [
    { title: 'TOPIC', text: ({ topic }) => topic },
    { title: 'PARTITION', align: 'right', text: ({ partition }) => String(partition) },
    { title: 'MEMBER', text: (lag) => holderOf(group, lag) ?? '-' },
    { title: 'COMMITTED', align: 'right', text: ({ committed }) => countText(committed) },
    { title: 'END', align: 'right', text: ({ end }) => countText(end) },
    { title: 'LAG', align: 'right', text: ({ lag }) => countText(lag) },
    { title: 'OLDEST', align: 'right', text: oldestText },
    { title: 'STATE', text: (lag) => stateText(group, lag) },
  ]
}

/** Why nothing of the partition is delivered. */
function stateText({ paused }: Group, { topic, partition, resetRequired }: PartitionLag): string {
  const states = [
    ...(isPaused(paused, topic, partition) ? ['paused'] : []),
    ...(resetRequired ? ['reset required'] : []),
  ]
  return states.join(', ') || '-'
}

function holderOf({ members }: GroupInfo, { topic, partition }: PartitionLag): string | undefined {
  const holds = members.find(({ partitions }) =>
    partitions.some((each) => each.topic === topic && each.partition === partition),
  )
  return holds?.member
}

function groupJson({ lags, ...group }: Group): string {
  const { lag, lagMs } = summed(lags)
  const partitions = lags.map(({ group: _group, ...partition }) => partition)
  return JSON.stringify({ ...group, lag, lagMs, partitions })
}
