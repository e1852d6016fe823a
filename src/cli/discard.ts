import type { Command } from 'commander'
import type { DeadLetter, DeadLetterStore } from '../dead-letter/index.ts'
import { TidingsError } from '../index.ts'
import { type Confirmation, checkConfirmed } from './confirmation.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { exitCodes } from './exit-code.ts'
import { addSelectionOptions, type SelectionOptions, select, selectionLines } from './letter-selection.ts'
import { letterOf, unfinishedStates } from './letters.ts'
import { wholeNumber } from './number.ts'
import { inPace } from './pace.ts'
import { counted } from './text.ts'

interface DiscardOptions extends EngineOptions, Confirmation, SelectionOptions {
  readonly reason: string
  readonly rate?: number
  readonly json?: true
}

export function addDiscard(parent: Command, context: Context): void {
  const command = parent
    .command('discard')
    .argument('[id...]', 'group/topic/partition/offset, as `tidings dead-letters ls` lists it')
    .description('Give dead letters up for good: their group will not handle them. They stay as a record.')
  addSelectionOptions(command)
    .requiredOption('--reason <text>', 'why, kept with each')
    .option('--rate <number>', 'no more than so many a second', wholeNumber(1))
    .option('--yes', 'do it')
    .option('--dry-run', 'only show what would be done')
    .option('--json', 'one JSON object, with the counts')
    .addHelpText('after', examples)
    .action(async (ids: string[], _options: object) => {
      await discard(ids, command.optsWithGlobals<DiscardOptions>(), context)
    })
}

const examples = `
Examples:
  tidings dead-letters discard notifications/orders/3/17 --reason 'the customer has left' --yes
  tidings dead-letters discard --cause 3f9c0a41be --reason 'test orders' --dry-run`

async function discard(ids: readonly string[], options: DiscardOptions, context: Context): Promise<void> {
  const { io, output } = context
  await withEngine(options, io, async (engine) => {
    const { deadLetters } = engine
    const plan = await select(engine, ids, options, (id) => discardable(deadLetters, id))
    for (const line of selectionLines('discard', plan)) output.words(line)
    if (plan.count > 0) checkConfirmed(options, 'Discarding dead letters')
    const nothing = options.dryRun === true || plan.count === 0
    const pace = { rate: options.rate, count: plan.count, words: 'dead letters discarded' }
    const discardAll = async (letters: readonly DeadLetter[]): Promise<number> => {
      const done = await Promise.all(letters.map(({ id }) => deadLetters.discard(id, options.reason)))
      return done.filter(Boolean).length
    }
    const discarded = nothing ? 0 : await inPace(plan.pages(), pace, context, discardAll)
    if (options.json) await output.line(JSON.stringify({ planned: plan.count, discarded }))
    output.words(nothing ? 'Nothing was done.' : `${counted(discarded, 'dead letter')} discarded.`)
    if (io.signal.aborted) {
      output.words('It was interrupted before all was done.')
      context.exitCode = exitCodes.failed
    }
  })
}

async function discardable(store: DeadLetterStore, id: string): Promise<DeadLetter> {
  const letter = await letterOf(store, id)
  if (unfinishedStates.includes(letter.state)) return letter
  throw new TidingsError(
    'dead_letter_not_dead',
    `The dead letter ${id} is ${letter.state} already. Nothing was done.`,
  )
}
