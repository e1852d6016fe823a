import type { Command } from 'commander'
import type { DeadLetter, DeadLetterStore } from '../dead-letter/index.ts'
import { TidingsError } from '../index.ts'
import { type Confirmation, checkConfirmed } from './confirmation.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { exitCodes } from './exit-code.ts'
import { addSelectionOptions, type SelectionOptions, select, selectionLines } from './letter-selection.ts'
import { letterOf } from './letters.ts'
import { wholeNumber } from './number.ts'
import { inPace } from './pace.ts'
import { counted } from './text.ts'

interface RedriveOptions extends EngineOptions, Confirmation, SelectionOptions {
  readonly rate?: number
  readonly json?: true
}

export function addRedrive(parent: Command, context: Context): void {
  const command = parent
    .command('redrive')
    .argument('[id...]', 'group/topic/partition/offset, as `tidings dead-letters ls` lists it')
    .description(
      'Have dead letters delivered again, to the group that failed and in the order of their keys.',
    )
  addSelectionOptions(command)
    .option('--rate <number>', 'no more than so many a second', wholeNumber(1))
    .option('--yes', 'do it: needed for more than one')
    .option('--dry-run', 'only show what would be done')
    .option('--json', 'one JSON object, with the counts')
    .addHelpText('after', examples)
    .action(async (ids: string[], _options: object) => {
      await redrive(ids, command.optsWithGlobals<RedriveOptions>(), context)
    })
}

const examples = `
Examples:
  tidings dead-letters redrive notifications/orders/3/17
  tidings dead-letters redrive --cause 3f9c0a41be --dry-run
  tidings dead-letters redrive --group notifications --all --rate 50 --yes`

async function redrive(ids: readonly string[], options: RedriveOptions, context: Context): Promise<void> {
  const { io, output } = context
  await withEngine(options, io, async (engine) => {
    const { deadLetters } = engine
    const plan = await select(engine, ids, options, (id) => redrivable(deadLetters, id))
    for (const line of selectionLines('redrive', plan)) output.words(line)
    if (plan.count > 1) checkConfirmed(options, `Redriving ${counted(plan.count, 'dead letter')}`)
    const nothing = options.dryRun === true || plan.count === 0
    const pace = { rate: options.rate, count: plan.count, words: 'redrives requested' }
    const request = async (letters: readonly DeadLetter[]): Promise<number> =>
      (await deadLetters.request(letters.map(({ id }) => id))).length
    const requested = nothing ? 0 : await inPace(plan.pages(), pace, context, request)
    if (options.json) await output.line(JSON.stringify({ planned: plan.count, requested }))
    if (nothing) output.words('Nothing was done.')
    else
      output.words(`${counted(requested, 'redrive')} requested: a running member of the group delivers them.`)
    if (io.signal.aborted) {
      output.words('It was interrupted before all was done.')
      context.exitCode = exitCodes.failed
    }
  })
}

/** Undefined for one whose redrive is requested already. */
async function redrivable(store: DeadLetterStore, id: string): Promise<DeadLetter | undefined> {
  const letter = await letterOf(store, id)
  if (letter.state === 'requested') return undefined
  if (letter.state === 'dead') return letter
  const reason =
    letter.state === 'set-aside'
      ? 'set aside and still being retried by its group. Wait until its attempts are used up'
      : `${letter.state}. Only one that is dead can be redriven`
  throw new TidingsError('dead_letter_not_dead', `The dead letter ${id} is ${reason}. Nothing was done.`)
}
