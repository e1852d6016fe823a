import type { Command } from 'commander'
import type { DeadLetter, DeadLetterFilter, DeadLetterStore } from '../dead-letter/index.ts'
import { limits, TidingsError } from '../index.ts'
import { type Confirmation, checkConfirmed } from './confirmation.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { checkFilter, letterColumns, letterOf, pagesOf } from './letters.ts'
import { table } from './table.ts'
import { counted, countText } from './text.ts'

interface RedriveOptions extends EngineOptions, Confirmation {
  readonly group?: string
  readonly topic?: string
  readonly all?: true
  readonly json?: true
}

export function addRedrive(parent: Command, { io, output }: Context): void {
  parent
    .command('redrive')
    .argument('[id...]', 'group/topic/partition/offset, as `tidings dead-letters ls` lists it')
    .description(
      'Have dead letters delivered again, to the group that failed and in the order of their keys.',
    )
    .option('--group <group>', 'with --all: only dead letters of this group')
    .option('--topic <topic>', 'with --all: only dead letters of this topic')
    .option('--all', 'all dead letters of the group')
    .option('--yes', 'do it: needed for more than one')
    .option('--dry-run', 'only show what would be done')
    .option('--json', 'one JSON object, with the counts')
    .addHelpText('after', examples)
    .action(async (ids: string[], _options: object, command: Command) => {
      const options = command.optsWithGlobals<RedriveOptions>()
      await withEngine(options, io, async ({ admin, deadLetters }) => {
        const plan = await planOf(deadLetters, [...new Set(ids)], options)
        if (plan.count === 0) await checkFilter(admin, options)
        for (const line of planLines(plan)) output.words(line)
        if (plan.count > 1) checkConfirmed(options, `Redriving ${counted(plan.count, 'dead letter')}`)
        const nothing = options.dryRun === true || plan.count === 0
        const requested = nothing ? 0 : await plan.request()
        if (options.json) await output.line(JSON.stringify({ planned: plan.count, requested }))
        if (nothing) output.words('Nothing was done.')
        else
          output.words(
            `${counted(requested, 'redrive')} requested: a running member of the group delivers them.`,
          )
      })
    })
}

const examples = `
Examples:
  tidings dead-letters redrive notifications/orders/3/17
  tidings dead-letters redrive --group notifications --all --dry-run
  tidings dead-letters redrive --group notifications --all --yes`

interface Plan {
  readonly count: number
  /** The first of them. */
  readonly shown: readonly DeadLetter[]
  /** Does it. Returns how many were requested now; others may have been requested by somebody else meanwhile. */
  request(): Promise<number>
}

function planOf(store: DeadLetterStore, ids: readonly string[], options: RedriveOptions): Promise<Plan> {
  const { group, topic, all } = options
  if (ids.length > 0 && all === undefined && group === undefined && topic === undefined)
    return planOfIds(store, ids)
  if (ids.length === 0 && all && group !== undefined)
    return planOfAll(store, { group, topic, states: ['dead'] })
  throw new TidingsError(
    'option_invalid',
    'Name either the ids of dead letters, or all of a group, as in `tidings dead-letters redrive --group GROUP --all`.',
  )
}

/** All are looked at before anything is done. */
async function planOfIds(store: DeadLetterStore, ids: readonly string[]): Promise<Plan> {
  const letters: DeadLetter[] = []
  for (const id of ids) letters.push(await redrivable(store, id))
  const dead = letters.filter(({ state }) => state === 'dead')
  return {
    count: dead.length,
    shown: dead.slice(0, limits.cliListed),
    request: async () => (await store.request(dead.map(({ id }) => id))).length,
  }
}

async function planOfAll(store: DeadLetterStore, filter: DeadLetterFilter): Promise<Plan> {
  const { entries } = await store.list(filter, { limit: limits.cliListed })
  return { count: await store.count(filter), shown: entries, request: () => requestAll(store, filter) }
}

async function requestAll(store: DeadLetterStore, filter: DeadLetterFilter): Promise<number> {
  let requested = 0
  for await (const page of pagesOf(store, filter))
    requested += (await store.request(page.map(({ id }) => id))).length
  return requested
}

/** One whose redrive is requested already is as it should be. */
async function redrivable(store: DeadLetterStore, id: string): Promise<DeadLetter> {
  const letter = await letterOf(store, id)
  if (letter.state === 'dead' || letter.state === 'requested') return letter
  const reason =
    letter.state === 'set-aside'
      ? 'set aside and still being retried by its group. Wait until its attempts are used up'
      : `${letter.state}. Only one that is dead can be redriven`
  throw new TidingsError('dead_letter_not_dead', `The dead letter ${id} is ${reason}. Nothing was done.`)
}

function planLines({ count, shown }: Plan): string[] {
  if (count === 0) return ['There is nothing to redrive.']
  const more = count > shown.length ? [`… and ${countText(count - shown.length)} more`] : []
  return [`${counted(count, 'dead letter')} to redrive:`, ...table(letterColumns, shown), ...more]
}
