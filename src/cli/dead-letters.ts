import { type Command, Option } from 'commander'
import type { DeadLetter, DeadLetterState, DeadLetterStore } from '../dead-letter/index.ts'
import { decodeEvent, type EncodedEvent, encodeJson } from '../event/index.ts'
import { limits } from '../index.ts'
import { causeColumns, causesOf } from './causes.ts'
import type { Context } from './context.ts'
import { addDiscard } from './discard.ts'
import { type EngineOptions, withEngine } from './engine.ts'
import { checkCause, matchingPages } from './letter-selection.ts'
import {
  checkFilter,
  letterColumns,
  letterOf,
  letterStates,
  openStates,
  pagesOf,
  unfinishedStates,
} from './letters.ts'
import { wholeNumber } from './number.ts'
import { addRedrive } from './redrive.ts'
import { table } from './table.ts'
import { countText, printable, printableLines, timeText } from './text.ts'

interface ListOptions extends EngineOptions {
  readonly group?: string
  readonly topic?: string
  readonly state?: readonly DeadLetterState[]
  readonly cause?: string
  readonly limit: number
  readonly by?: 'cause'
  readonly json?: true
}

export function addDeadLetters(program: Command, context: Context): void {
  const deadLetters = program
    .command('dead-letters')
    .description('Look at the events that a group could not handle, and have them delivered again.')
  addList(deadLetters, context)
  addShow(deadLetters, context)
  addRedrive(deadLetters, context)
  addDiscard(deadLetters, context)
}

function addList(parent: Command, { io, output }: Context): void {
  const state = new Option(
    '--state <state...>',
    'only dead letters in these states; by default those that are not finished',
  ).choices(letterStates)
  const by = new Option(
    '--by <what>',
    'counted, by what they have in common; by default without those requested',
  )
    .choices(['cause'])
    .conflicts('cause')
  parent
    .command('ls')
    .description('List dead letters that are not finished, or those of the states named.')
    .option('--group <group>', 'only dead letters of this group')
    .option('--topic <topic>', 'only dead letters of this topic')
    .addOption(state)
    .option('--cause <id>', 'only dead letters of this cause')
    .addOption(by)
    .option('--limit <number>', 'at most so many', wholeNumber(1), limits.cliListed)
    .option('--json', 'one JSON object a line, for each dead letter or cause')
    .addHelpText('after', listExamples)
    .action(async (_options: object, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>()
      await withEngine(options, io, async ({ admin, deadLetters }) => {
        const list = options.by === 'cause' ? listCauses : listLetters
        const { lines, empty, more } = await list(deadLetters, options)
        if (empty) {
          await checkFilter(admin, options)
          if (options.cause !== undefined) await checkCause(deadLetters, options, options.cause)
          output.words('There are no dead letters.')
          return
        }
        await output.lines(lines)
        if (more > 0) output.words(`${countText(more)} more; --limit shows more of them.`)
      })
    })
}

const listExamples = `
Examples:
  tidings dead-letters ls
  tidings dead-letters ls --group notifications --state dead
  tidings dead-letters ls --by cause
  tidings dead-letters ls --cause cf8f143c1f
  tidings dead-letters ls --json --limit 1000`

interface Listed {
  readonly lines: readonly string[]
  readonly empty: boolean
  /** How many are not listed. */
  readonly more: number
}

async function listLetters(store: DeadLetterStore, options: ListOptions): Promise<Listed> {
  const { limit, json } = options
  const { found, more } = await foundOf(store, options, limit)
  const lines = json ? found.map(letterJson) : table(letterColumns, found)
  return { lines, empty: found.length === 0, more }
}

/** Of a cause all have to be read to be counted. */
async function foundOf(
  store: DeadLetterStore,
  options: ListOptions,
  limit: number,
): Promise<{ readonly found: readonly DeadLetter[]; readonly more: number }> {
  const { group, topic, cause, state: states = unfinishedStates } = options
  if (cause === undefined) {
    const filter = { group, topic, states }
    const found = (await Array.fromAsync(pagesOf(store, filter, limit))).flat()
    return { found, more: (await store.count(filter)) - found.length }
  }
  const found: DeadLetter[] = []
  let count = 0
  for await (const page of matchingPages(store, options, states)) {
    count += page.length
    found.push(...page.slice(0, limit - found.length))
  }
  return { found, more: count - found.length }
}

async function listCauses(
  store: DeadLetterStore,
  { group, topic, state: states = openStates, limit, json }: ListOptions,
): Promise<Listed> {
  const { causes, others } = await causesOf(store, { group, topic, states })
  const shown = causes.slice(0, limit)
  const lines = json ? shown.map((cause) => JSON.stringify(cause)) : table(causeColumns, shown)
  return { lines, empty: causes.length === 0, more: causes.length - shown.length + others }
}

function addShow(parent: Command, { io, output }: Context): void {
  parent
    .command('show')
    .argument('<id>', 'group/topic/partition/offset, as `tidings dead-letters ls` lists it')
    .description('Show a dead letter: its event, why it could not be handled, and the stack.')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  tidings dead-letters show notifications/orders/3/17')
    .action(async (id: string, options: { json?: true }, command: Command) => {
      await withEngine(command.optsWithGlobals<EngineOptions>(), io, async ({ deadLetters }) => {
        const letter = await letterOf(deadLetters, id)
        await output.lines(options.json ? [letterJson(letter)] : letterLines(letter))
      })
    })
}

function letterJson({ encoded, ...letter }: DeadLetter): string {
  return JSON.stringify({ ...letter, encoded: plainEncoded(encoded) })
}

function plainEncoded(encoded: EncodedEvent): unknown {
  if (typeof encoded === 'string') return encoded
  const { attributes, body } = encoded
  return { attributes, body_base64: body && Buffer.from(body).toString('base64') }
}

function letterLines(letter: DeadLetter): string[] {
  const { event, nextAttemptAt } = letter
  const retried = letter.state === 'set-aside' && nextAttemptAt !== undefined
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['id', letter.id],
    ['state', letter.state],
    ['reason', `${letter.reason}: ${letter.message}`],
    ['attempts', countText(letter.attempts)],
    ['failed', timeText(letter.failedAt)],
    ['next', retried ? timeText(nextAttemptAt) : undefined],
    ['appended', timeText(letter.appendedAt)],
    ['key', letter.key],
    ['discarded', letter.discardReason],
    ['event', event && `${event.type} ${event.id} from ${event.source}`],
  ]
  return [
    ...fields.flatMap(([name, value]) =>
      value === undefined ? [] : [`${name.padEnd(10)}${printable(value)}`],
    ),
    '',
    ...printableLines(eventText(letter.encoded)),
    '',
    ...printableLines(letter.stack),
  ]
}

/** The event as JSON to read; what cannot be decoded as it is. */
function eventText(encoded: EncodedEvent): string {
  try {
    return JSON.stringify(JSON.parse(encodeJson(decodeEvent(encoded))), null, 2)
  } catch {
    return typeof encoded === 'string' ? encoded : JSON.stringify(plainEncoded(encoded))
  }
}
