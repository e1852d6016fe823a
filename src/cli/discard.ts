import type { Command } from 'commander'
import { TidingsError } from '../index.ts'
import { type Confirmation, checkConfirmed } from './confirmation.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { letterColumns, letterOf } from './letters.ts'
import { table } from './table.ts'

interface DiscardOptions extends EngineOptions, Confirmation {
  readonly reason: string
  readonly json?: true
}

export function addDiscard(parent: Command, { io, output }: Context): void {
  parent
    .command('discard')
    .argument('<id>', 'group/topic/partition/offset, as `tidings dead-letters ls` lists it')
    .description('Give a dead letter up for good: its group will not handle it. It stays as a record.')
    .requiredOption('--reason <text>', 'why, kept with it')
    .option('--yes', 'do it')
    .option('--dry-run', 'only show what would be done')
    .option('--json', 'one JSON object: whether it was done')
    .addHelpText(
      'after',
      "\nExample:\n  tidings dead-letters discard notifications/orders/3/17 --reason 'the customer has left' --yes",
    )
    .action(async (id: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<DiscardOptions>()
      await withEngine(options, io, async ({ deadLetters }) => {
        const letter = await letterOf(deadLetters, id)
        output.words('1 dead letter to discard:')
        for (const line of table(letterColumns, [letter])) output.words(line)
        checkConfirmed(options, 'Discarding a dead letter')
        const done = options.dryRun !== true
        if (done && !(await deadLetters.discard(id, options.reason))) throw ended(id)
        if (options.json) await output.line(JSON.stringify({ id, done }))
        output.words(done ? 'The dead letter was discarded.' : 'Nothing was done.')
      })
    })
}

function ended(id: string): TidingsError {
  return new TidingsError(
    'dead_letter_not_dead',
    `The dead letter ${id} is handled or discarded already. Nothing was done.`,
  )
}
