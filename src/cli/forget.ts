import type { Command } from 'commander'
import type { DeadLetterStore } from '../dead-letter/index.ts'
import type { TransportAdmin } from '../log/index.ts'
import { type Confirmation, checkConfirmed } from './confirmation.ts'
import type { Context } from './context.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { unfinishedStates } from './letters.ts'
import { counted, printable } from './text.ts'

interface ForgetOptions extends EngineOptions, Confirmation {
  readonly json?: true
}

export function addForget(parent: Command, { io, output }: Context): void {
  parent
    .command('forget')
    .argument('<group>', 'the group, as `tidings groups ls` lists it; none of its members may live')
    .description('End the registration of a group: its places are gone, and retention does not wait for it.')
    .option('--yes', 'do it')
    .option('--dry-run', 'only show what would be done')
    .option('--json', 'one JSON object: the plan, and whether it was done')
    .addHelpText('after', '\nExample:\n  tidings groups forget notifications --yes')
    .action(async (group: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<ForgetOptions>()
      await withEngine(options, io, async ({ admin, deadLetters }) => {
        const plan = await planOf(admin, deadLetters, group)
        output.words(planText(group, plan))
        checkConfirmed(options, 'Forgetting a group')
        const done = options.dryRun !== true
        if (done) await admin.forget(group)
        if (options.json) await output.line(JSON.stringify({ group, done, ...plan }))
        output.words(done ? 'The group was forgotten.' : 'Nothing was done.')
      })
    })
}

interface Plan {
  /** Where the group has a place, which it will lose. */
  readonly partitions: number
  /** Unfinished ones, which stay. */
  readonly deadLetters: number
}

/** @throws `group_missing` */
async function planOf(admin: TransportAdmin, store: DeadLetterStore, group: string): Promise<Plan> {
  const partitions = (await admin.lag(group)).length
  return { partitions, deadLetters: await store.count({ group, states: unfinishedStates }) }
}

function planText(group: string, { partitions, deadLetters }: Plan): string {
  const stays = deadLetters === 0 ? '' : ` ${counted(deadLetters, 'dead letter')} not finished will stay.`
  return `Forgetting group ${printable(group)}: its places in ${counted(partitions, 'partition')} are lost.${stays}`
}
