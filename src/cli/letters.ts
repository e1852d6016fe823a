import type { DeadLetter, DeadLetterStore } from '../dead-letter/index.ts'
import { TidingsError } from '../index.ts'
import type { TransportAdmin } from '../log/index.ts'
import type { Column } from './table.ts'
import { countText, timeText } from './text.ts'
import { topicNamed } from './topics.ts'

/** @throws `dead_letter_missing` */
export async function letterOf(store: DeadLetterStore, id: string): Promise<DeadLetter> {
  const letter = await store.get(id)
  if (letter !== undefined) return letter
  throw new TidingsError(
    'dead_letter_missing',
    `There is no dead letter ${JSON.stringify(id)}. An id is group/topic/partition/offset; \`tidings dead-letters ls\` lists them.`,
  )
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
