import type { DeadLetter, DeadLetterFilter, DeadLetterStore } from '../dead-letter/index.ts'
import { limits } from '../index.ts'
import { pagesOf } from './letters.ts'
import type { Column } from './table.ts'
import { countText, cut } from './text.ts'

/** Dead letters that failed alike: of one group, for the same reason, with the same first line of their message. */
export interface Cause {
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
      const key = JSON.stringify([cause.group, cause.reason, cause.message])
      const known = causes.get(key)
      if (known !== undefined) causes.set(key, { ...known, count: known.count + 1 })
      else if (causes.size < limits.cliCauses) causes.set(key, cause)
      else others += 1
    }
  }
  return { causes: [...causes.values()].toSorted((a, b) => b.count - a.count), others }
}

function causeOf({ group, reason, message, id }: DeadLetter): Cause {
  const [firstLine = ''] = message.split('\n', 1)
  return { group, reason, message: firstLine, count: 1, example: id }
}

export const causeColumns: readonly Column<Cause>[] = [
  { title: 'COUNT', align: 'right', text: ({ count }) => countText(count) },
  { title: 'GROUP', text: ({ group }) => group },
  { title: 'REASON', text: ({ reason }) => reason },
  { title: 'MESSAGE', text: ({ message }) => cut(message, messageWidth) },
  { title: 'EXAMPLE', text: ({ example }) => example },
]

const messageWidth = 80
