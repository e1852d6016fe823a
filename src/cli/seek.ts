import type { Command } from 'commander'
import { TidingsError } from '../index.ts'
import { type PartitionLag, rewindRefused, type Start, type TransportAdmin } from '../log/index.ts'
import { type Confirmation, checkConfirmed } from './confirmation.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { wholeNumber } from './number.ts'
import { placeOf } from './place.ts'
import { type Column, table } from './table.ts'
import { counted, countText } from './text.ts'
import { topicNamed } from './topics.ts'

interface SeekOptions extends EngineOptions, Confirmation {
  readonly to: Start
  readonly topic?: string
  readonly partition?: number
  readonly force?: true
  readonly again?: true
  readonly json?: true
}

export function addSeek(program: Command, { io, output }: Context): void {
  program
    .command('seek')
    .argument('<group>', 'the group, as `tidings groups ls` lists it; none of its members may live')
    .description(
      'Move a group to another place: back, to have events delivered again, or forward, past them.',
    )
    .requiredOption(
      '--to <place>',
      'start, end, a time (of appending) or an offset (in every partition)',
      placeOf,
    )
    .option('--topic <topic>', 'only in this topic; by default in all that the group has read')
    .option('--partition <number>', 'only in this partition, of the topic that --topic names', wholeNumber(0))
    .option('--again', 'what was handled has its effects once more; by default the inbox passes it over')
    .option('--force', 'move it back also when it refuses that')
    .option('--yes', 'do it')
    .option('--dry-run', 'only show what would be done')
    .option('--json', 'one JSON object: the plan, and whether it was done')
    .addHelpText('after', examples)
    .action(async (group: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<SeekOptions>()
      await withEngine(options, io, async ({ admin }) => {
        const moves = await planOf(admin, group, options)
        for (const line of planLines(group, moves, options)) output.words(line)
        if (await refusesRewind(admin, group, moves, options)) {
          if (options.dryRun !== true) throw rewindRefused(group)
          output.words(`Group ${group} refuses to be moved back: this needs --force.`)
        }
        if (moves.length > 0) checkConfirmed(options, 'Moving a group')
        const done = moves.length > 0 && options.dryRun !== true
        if (done) await seek(admin, group, moves, options)
        if (options.json)
          await output.line(JSON.stringify({ group, done, again: options.again === true, moves }))
        output.words(done ? 'The group was moved.' : 'Nothing was done.')
      })
    })
}

const examples = `
Examples:
  tidings seek notifications --to start --dry-run
  tidings seek notifications --to 2026-01-31T00:00:00Z --yes
  tidings seek analytics --to start --again --force --yes
  tidings seek notifications --to end --topic orders --partition 3 --yes`

/** Where a group stands in a partition, and where it shall. */
interface Move {
  readonly topic: string
  readonly partition: number
  /** Undefined where it has read nothing yet. */
  readonly from: number | undefined
  readonly to: number
  /** Events that will be delivered again. */
  readonly again: number
  /** Events that will never be delivered; retention may have deleted some of them already. */
  readonly skipped: number
}

/** The partitions whose place changes; all of them with --again, which changes their run. @throws `group_missing`, `topic_missing`, `partition_missing` */
async function planOf(admin: TransportAdmin, group: string, options: SeekOptions): Promise<readonly Move[]> {
  if (options.partition !== undefined && options.topic === undefined)
    throw new TidingsError('option_invalid', 'A partition is of one topic: name it with --topic.')
  const lags = await admin.lag(group)
  const topics = options.topic === undefined ? new Set(lags.map(({ topic }) => topic)) : [options.topic]
  const moves: Move[] = []
  for (const topic of topics) {
    for (const partition of await partitionsOf(admin, topic, options.partition)) {
      const lag = lags.find((each) => each.topic === topic && each.partition === partition)
      moves.push(moveOf(topic, partition, lag, await admin.offsetOf(topic, partition, options.to)))
    }
  }
  return moves.filter(({ from, to }) => options.again || from !== to)
}

async function partitionsOf(
  admin: TransportAdmin,
  topic: string,
  partition: number | undefined,
): Promise<readonly number[]> {
  const { bounds } = await topicNamed(admin, topic)
  return partition === undefined ? bounds.map((each) => each.partition) : [partition]
}

function moveOf(topic: string, partition: number, lag: PartitionLag | undefined, to: number): Move {
  const from = lag?.committed
  const again = from === undefined ? 0 : Math.max(0, from - to)
  const skipped = from === undefined ? 0 : Math.max(0, to - from)
  return { topic, partition, from, to, again, skipped }
}

/**
 * Asked before anything is done: of several topics none is moved when one may not be. While members live the seek itself
 * says so: force would not help.
 */
async function refusesRewind(
  admin: TransportAdmin,
  group: string,
  moves: readonly Move[],
  { force }: SeekOptions,
): Promise<boolean> {
  if (force || moves.every(({ again }) => again === 0)) return false
  const info = (await admin.groups()).find((each) => each.group === group)
  return info?.rewind === 'refused' && info.members.length === 0
}

/** Each topic in one write. */
async function seek(
  admin: TransportAdmin,
  group: string,
  moves: readonly Move[],
  { to, partition, force, again }: SeekOptions,
): Promise<void> {
  for (const topic of new Set(moves.map((move) => move.topic)))
    await admin.seek(group, topic, to, { partition, force, again })
}

function planLines(group: string, moves: readonly Move[], options: SeekOptions): string[] {
  if (moves.length === 0) return [`Group ${group} is there already.`]
  const again = moves.reduce((total, move) => total + move.again, 0)
  const skipped = moves.reduce((total, move) => total + move.skipped, 0)
  return [
    `Moving group ${group}: ${counted(again, 'event')} delivered again, ${counted(skipped, 'event')} skipped.`,
    ...(options.again ? ['What was handled from there on has its effects once more.'] : []),
    ...table(columns, moves),
  ]
}

const columns: readonly Column<Move>[] = [
  { title: 'TOPIC', text: ({ topic }) => topic },
  { title: 'PARTITION', align: 'right', text: ({ partition }) => String(partition) },
  { title: 'FROM', align: 'right', text: ({ from }) => (from === undefined ? '-' : countText(from)) },
  { title: 'TO', align: 'right', text: ({ to }) => countText(to) },
  { title: 'AGAIN', align: 'right', text: ({ again }) => countText(again) },
  { title: 'SKIPPED', align: 'right', text: ({ skipped }) => countText(skipped) },
]
