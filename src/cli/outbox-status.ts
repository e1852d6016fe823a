import type { Command } from 'commander'
import { durationText } from '../index.ts'
import type { OutboxFigures, RefusedRecord } from '../outbox/index.ts'
import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { lengthOfTime } from './length-of-time.ts'
import { wholeNumber } from './number.ts'
import { type OutboxOptions, withOutboxes } from './outboxes.ts'
import { type Column, table } from './table.ts'
import { counted, countText, namesText, oneLine } from './text.ts'

interface StatusOptions extends OutboxOptions {
  readonly failOver?: number
  readonly failAge?: number
  readonly refused?: true
  readonly json?: true
}

interface Status extends OutboxFigures {
  readonly outbox: string
  /** With `--refused`. */
  readonly refusals?: readonly RefusedRecord[]
}

/** Refused events that are shown of one outbox. */
const refusalsShown = 100

export function addOutboxStatus(outbox: Command, context: Context): void {
  outbox
    .command('status')
    .argument('[name]', 'only this outbox of the configuration')
    .description('Show how many events wait for the relay, for how long, and how many the engine refuses.')
    .option(
      '--store <url>',
      'the database of the outbox, as sqlite:FILE; by default what the configuration says',
    )
    .option('--fail-over <number>', 'end with exit code 3 when more events are pending', wholeNumber(0))
    .option('--fail-age <time>', 'the same when an event has been pending for longer, as 30s', lengthOfTime)
    .option('--refused', 'also list the events that the engine refuses, with the reasons')
    .option('--json', 'one JSON object a line, for each outbox')
    .addHelpText('after', examples)
    .action(async (name: string | undefined, _options: object, command: Command) => {
      await showStatus(name, command.optsWithGlobals<StatusOptions>(), context)
    })
}

const examples = `
Examples:
  tidings outbox status
  tidings outbox status orders --refused
  tidings outbox status --store sqlite:orders.db --fail-age 1m`

async function showStatus(name: string | undefined, options: StatusOptions, context: Context): Promise<void> {
  const { io, output } = context
  const all = await withOutboxes(name, options, io, (outboxes) =>
    Promise.all(
      outboxes.map(async ({ name: outbox, store }): Promise<Status> => {
        const figures = { outbox, ...(await store.figures()) }
        return options.refused ? { ...figures, refusals: await store.listRefused(refusalsShown) } : figures
      }),
    ),
  )
  if (options.json) await output.lines(all.map((status) => JSON.stringify(status)))
  else {
    await output.lines(table(columns, all))
    for (const { outbox, refusals = [] } of all)
      await output.lines(refusals.map((each) => refusal(outbox, each)))
  }
  const over = overBounds(all, options)
  if (over === undefined) return
  output.words(over)
  context.exitCode = exitCodes.checkFailed
}

const columns: readonly Column<Status>[] = [
  { title: 'OUTBOX', text: ({ outbox }) => outbox },
  { title: 'PENDING', align: 'right', text: ({ pending }) => countText(pending) },
  {
    title: 'OLDEST',
    align: 'right',
    text: ({ oldestAgeMs }) => (oldestAgeMs === undefined ? '-' : durationText(oldestAgeMs)),
  },
  { title: 'REFUSED', align: 'right', text: ({ refused }) => countText(refused) },
]

function refusal(outbox: string, { position, topic, partition, reason }: RefusedRecord): string {
  return `${outbox} ${position}  ${topic}/${partition}  ${oneLine(reason)}`
}

function overBounds(all: readonly Status[], { failOver, failAge }: StatusOptions): string | undefined {
  const over = all.filter(
    ({ pending, oldestAgeMs = 0 }) =>
      pending > (failOver ?? Number.POSITIVE_INFINITY) || oldestAgeMs > (failAge ?? Number.POSITIVE_INFINITY),
  )
  if (over.length === 0) return undefined
  const names = over.map(
    ({ outbox, pending, oldestAgeMs = 0 }) =>
      `${outbox} (${counted(pending, 'event')}, ${durationText(oldestAgeMs)})`,
  )
  return `More is pending than is allowed: ${namesText(names)}.`
}
