import type { Command } from 'commander'
import type { DeadLetter, DeadLetterFilter, DeadLetterState, DeadLetterStore } from '../dead-letter/index.ts'
import { limits, TidingsError } from '../index.ts'
import type { TransportAdmin } from '../log/index.ts'
import { causeIdOf } from './causes.ts'
import { checkFilter, letterColumns, pagesOf, unfinishedStates } from './letters.ts'
import { table } from './table.ts'
import { counted, countText } from './text.ts'

/** Options that say which dead letters a verb is for, where ids do not. */
export interface SelectionOptions {
  readonly group?: string
  readonly topic?: string
  readonly cause?: string
  readonly all?: true
}

/** Dead letters that a verb shall do something with. */
export interface Selection {
  readonly count: number
  /** The first of them. */
  readonly shown: readonly DeadLetter[]
  /** No more than `count`, also when there are more of them meanwhile. */
  pages(): AsyncIterable<readonly DeadLetter[]>
}

export function addSelectionOptions(command: Command): Command {
  return command
    .option('--cause <id>', 'all dead ones of a cause, as `tidings dead-letters ls --by cause` lists it')
    .option('--all', 'all dead ones of the group or topic')
    .option('--group <group>', 'with --all or --cause: only dead letters of this group')
    .option('--topic <topic>', 'with --all or --cause: only dead letters of this topic')
}

/**
 * All that are named are looked at before anything is done.
 * @param lookUp the dead letter of an id; undefined when nothing is left to do; throws when the verb cannot be done with it.
 * @throws `dead_letter_missing`, `group_missing`, `topic_missing` for what is not there, `option_invalid` for no selection.
 */
export async function select(
  engine: { readonly admin: TransportAdmin; readonly deadLetters: DeadLetterStore },
  ids: readonly string[],
  options: SelectionOptions,
  lookUp: (id: string) => Promise<DeadLetter | undefined>,
): Promise<Selection> {
  const { group, topic, cause, all } = options
  const filtered = group !== undefined || topic !== undefined
  const ways = [ids.length > 0, cause !== undefined, all === true].filter(Boolean).length
  if (ways !== 1 || (ids.length > 0 && filtered) || (all && !filtered)) throw selectionInvalid()
  if (ids.length > 0) return selectionOfIds([...new Set(ids)], lookUp)
  const selection = await selectionOfDead(engine.deadLetters, options)
  if (selection.count > 0) return selection
  await checkFilter(engine.admin, options)
  if (cause !== undefined) await checkCause(engine.deadLetters, options, cause)
  return selection
}

export function selectionLines(action: string, { count, shown }: Selection): string[] {
  if (count === 0) return [`There is nothing to ${action}.`]
  const more = count > shown.length ? [`… and ${countText(count - shown.length)} more`] : []
  return [`${counted(count, 'dead letter')} to ${action}:`, ...table(letterColumns, shown), ...more]
}

async function selectionOfIds(
  ids: readonly string[],
  lookUp: (id: string) => Promise<DeadLetter | undefined>,
): Promise<Selection> {
  const letters: DeadLetter[] = []
  for (const id of ids) {
    const letter = await lookUp(id)
    if (letter !== undefined) letters.push(letter)
  }
  return {
    count: letters.length,
    shown: letters.slice(0, limits.cliListed),
    async *pages() {
      yield letters
    },
  }
}

async function selectionOfDead(store: DeadLetterStore, options: SelectionOptions): Promise<Selection> {
  const shown: DeadLetter[] = []
  let count = 0
  for await (const page of matchingPages(store, options, ['dead'])) {
    count += page.length
    shown.push(...page.slice(0, limits.cliListed - shown.length))
  }
  return {
    count,
    shown,
    async *pages() {
      let left = count
      for await (const page of matchingPages(store, options, ['dead'])) {
        yield page.slice(0, left)
        left -= page.length
        if (left <= 0) return
      }
    },
  }
}

export async function* matchingPages(
  store: DeadLetterStore,
  { group, topic, cause }: Pick<SelectionOptions, 'group' | 'topic' | 'cause'>,
  states: readonly DeadLetterState[],
): AsyncGenerator<readonly DeadLetter[]> {
  const filter: DeadLetterFilter = { group, topic, states }
  for await (const page of pagesOf(store, filter))
    yield cause === undefined ? page : page.filter((letter) => causeIdOf(letter) === cause)
}

/** @throws `dead_letter_missing` unless something of this cause is at least still under way. */
export async function checkCause(
  store: DeadLetterStore,
  options: Pick<SelectionOptions, 'group' | 'topic' | 'cause'>,
  cause: string,
): Promise<void> {
  for await (const page of matchingPages(store, options, unfinishedStates)) if (page.length > 0) return
  throw new TidingsError(
    'dead_letter_missing',
    `There are no dead letters of cause ${JSON.stringify(cause)}. \`tidings dead-letters ls --by cause\` lists the causes with their ids.`,
  )
}

function selectionInvalid(): TidingsError {
  return new TidingsError(
    'option_invalid',
    'Name either ids of dead letters, or a cause with --cause ID, or all of a group or topic, as in --all --group GROUP.',
  )
}
