import type { DeadLetter, DeadLetterFilter, DeadLetterState, DeadLetterStore } from '../dead-letter/index.ts'
import { limits, TidingsError } from '../index.ts'
import type { TransportAdmin } from '../log/index.ts'
import type { Column } from './table.ts'
import { countText, timeText } from './text.ts'
import { topicNamed } from './topics.ts'

export const unfinishedStates: readonly DeadLetterState[] = ['set-aside', 'dead', 'parked', 'requested']
/** Those that wait for somebody or something: a redrive that was requested is under way. */
export const openStates: readonly DeadLetterState[] = ['set-aside', 'dead', 'parked']
export const letterStates: readonly DeadLetterState[] = [...unfinishedStates, 'handled', 'discarded']

/** @throws `dead_letter_missing` */
export async function letterOf(store: DeadLetterStore, id: string): Promise<DeadLetter> {
  const letter = await store.get(id)
  if (letter !== undefined) return letter
  throw new TidingsError(
    'dead_letter_missing',
    `There is no dead letter ${JSON.stringify(id)}. An id is group/topic/partition/offset; \`tidings dead-letters ls\` lists them.`,
  )
}

/** Up to `limit` of those that the filter selects, page by page. */
export async function* pagesOf(
  store: DeadLetterStore,
  filter: DeadLetterFilter,
  limit: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly DeadLetter[]> {
  let left = limit
  let after: string | undefined
  do {
    const page = await store.list(filter, { limit: Math.min(left, limits.cliReadEvents), after })
    yield page.entries
    left -= page.entries.length
    after = page.next
  } while (after !== undefined && left > 0)
}

/** When nothing was found: @throws `group_missing`, `topic_missing` for a name that nothing has. */
export async function checkFilter(
  admin: TransportAdmin,
  { group, topic }: { readonly group?: string; readonly topic?: string },
): Promise<void> {
  if (topic !== undefined) await topicNamed(admin, topic)
  // The lag of a group that never joined is refused, naming those that did.
  if (group !== undefined) await admin.lag(group)
}

export const letterColumns: readonly Column<DeadLetter>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'REASON', text: ({ reason }) => reason },
  { title: 'ATTEMPTS', align: 'right', text: ({ attempts }) => countText(attempts) },
  { title: 'TYPE', text: ({ event }) => event?.type ?? '-' },
  { title: 'FAILED', text: ({ failedAt }) => timeText(failedAt) },
]
