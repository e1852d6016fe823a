import type { Command } from 'commander'
import { type GroupInfo, type GroupPart, isPaused, type TransportAdmin } from '../log/index.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { wholeNumber } from './number.ts'
import { counted, namesText, printable } from './text.ts'

interface PauseOptions extends EngineOptions, GroupPart {
  readonly json?: true
}

/** `pause` and `resume`: what one does the other undoes, so neither asks for --yes. */
export function addPause(parent: Command, context: Context): void {
  addVerb(parent, context, {
    name: 'pause',
    description:
      'Deliver nothing more of a group, a topic or a partition to its members, until it is resumed.',
    change: (admin, group, part) => admin.pause(group, part),
    done: (group, part, info) =>
      `Group ${printable(group)} is paused on ${partText(part)}.${leavingText(info)}`,
    nothing: (group, part) => `Group ${printable(group)} was paused on ${partText(part)} already.`,
  })
  addVerb(parent, context, {
    name: 'resume',
    description: 'Deliver what was paused again.',
    change: (admin, group, part) => admin.resume(group, part),
    done: (group, part) => `Group ${printable(group)} goes on with ${partText(part)}.`,
    nothing: (group, part) => `Nothing was paused: group ${printable(group)}, ${partText(part)}.`,
  })
}

interface Verb {
  readonly name: 'pause' | 'resume'
  readonly description: string
  readonly change: (admin: TransportAdmin, group: string, part: GroupPart) => Promise<void>
  readonly done: (group: string, part: GroupPart, info: GroupInfo | undefined) => string
  readonly nothing: (group: string, part: GroupPart) => string
}

function addVerb(parent: Command, { io, output }: Context, verb: Verb): void {
  parent
    .command(verb.name)
    .argument('<group>', 'the group, as `tidings groups ls` lists it; its members may live')
    .description(verb.description)
    .option('--topic <topic>', 'only this topic; by default the whole group')
    .option('--partition <number>', 'only this partition, of the topic that --topic names', wholeNumber(0))
    .option('--json', 'one JSON object: what of the group is paused now')
    .addHelpText(
      'after',
      `\nExample:\n  tidings groups ${verb.name} notifications --topic orders --partition 3`,
    )
    .action(async (group: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<PauseOptions>()
      const part: GroupPart = { topic: options.topic, partition: options.partition }
      await withEngine(options, io, async ({ admin }) => {
        const before = await groupNamed(admin, group)
        // Of a group that is not there, this throws `group_missing`.
        await verb.change(admin, group, part)
        const after = await groupNamed(admin, group)
        const changed = JSON.stringify(before?.paused) !== JSON.stringify(after?.paused)
        if (options.json) await output.line(JSON.stringify({ group, changed, paused: after?.paused ?? [] }))
        output.words(changed ? verb.done(group, part, after) : verb.nothing(group, part))
      })
    })
}

async function groupNamed(admin: TransportAdmin, name: string): Promise<GroupInfo | undefined> {
  return (await admin.groups()).find(({ group }) => group === name)
}

/** What is paused and still held: its members let go when they have finished what they began. */
function leavingText(info: GroupInfo | undefined): string {
  const held = info?.members.flatMap(({ partitions }) => partitions) ?? []
  const leaving = held.filter(({ topic, partition }) => isPaused(info?.paused ?? [], topic, partition))
  if (leaving.length === 0) return ''
  return ` ${counted(leaving.length, 'partition')} will be let go of when the handlers at work have ended.`
}

/** "orders/3", "orders", "all topics" */
function partText({ topic, partition }: GroupPart): string {
  if (topic === undefined) return 'all topics'
  return printable(partition === undefined ? topic : `${topic}/${partition}`)
}

/** "orders and carts/3"; undefined when nothing is paused. */
export function pausedText(paused: readonly GroupPart[]): string | undefined {
  return paused.length === 0 ? undefined : namesText(paused.map(partText))
}
