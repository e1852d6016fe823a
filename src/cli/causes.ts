import { createHash } from 'node:crypto'
import type { DeadLetter, DeadLetterFilter, DeadLetterStore } from '../dead-letter/index.ts'
import { limits } from '../index.ts'
import { pagesOf } from './letters.ts'
import type { Column } from './table.ts'
import { countText, cut } from './text.ts'

/** Dead letters that failed alike: of one group, for the same reason, with the same first line of their message. */
export interface Cause {
  /** The same wherever and whenever it is computed: what `--cause` takes. */
  readonly cause: string
  readonly group: string
  readonly reason: string
  readonly message: string
  readonly count: number
  /** The id of one of them. */
  readonly example: string
}

/** The causes, the most frequent first; `others` counts dead letters of more causes than `limits.cliCauses`. */
export async function causesOf(
  store: DeadLetterStore,
  filter: DeadLetterFilter,
): Promise<{ readonly causes: readonly Cause[]; readonly others: number }> {
  const causes = new Map<string, Cause>()
  let others = 0
  for await (const page of pagesOf(store, filter)) {
    for (const letter of page) {
      const cause = causeOf(letter)
      const known = causes.get(cause.cause)
      if (known !== undefined) causes.set(cause.cause, { ...known, count: known.count + 1 })
      else if (causes.size < limits.cliCauses) causes.set(cause.cause, cause)
      else others += 1
    }
  }
  return { causes: [...causes.values()].toSorted((a, b) => b.count - a.count), others }
}

function causeOf(letter: DeadLetter): Cause {
  const { group, reason, message, id } = letter
  return { cause: causeIdOf(letter), group, reason, message: firstLineOf(message), count: 1, example: id }
}

/** A fingerprint of what makes a cause: with 10,000 of them the chance that two have the same one is 1 in 20,000. */
export function causeIdOf({ group, reason, message }: DeadLetter): string {
  const content = JSON.stringify([group, reason, firstLineOf(message)])
  return createHash('sha256').update(content).digest('hex').slice(0, causeIdLength)
}

const causeIdLength = 10

function firstLineOf(message: string): string {
  return message.split('\n', 1)[0] ?? ''
}

export const causeColumns: readonly Column<Cause>[] = [
  { title: 'CAUSE', text: ({ cause }) => cause },
  { title: 'COUNT', align: 'right', text: ({ count }) => countText(count) },
  { title: 'GROUP', text: ({ group }) => group },
  { title: 'REASON', text: ({ reason }) => reason },
  { title: 'MESSAGE', text: ({ message }) => cut(message, messageWidth) },
  { title: 'EXAMPLE', text: ({ example }) => example },
]

const messageWidth = 80
