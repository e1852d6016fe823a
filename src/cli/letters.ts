import type { DeadLetter, DeadLetterStore } from '../dead-letter/index.ts'
import { TidingsError } from '../index.ts'
import type { Column } from './table.ts'
import { countText, timeText } from './text.ts'

/** @throws `dead_letter_missing` */
export async function letterOf(store: DeadLetterStore, id: string): Promise<DeadLetter> {
  const letter = await store.get(id)
  if (letter !== undefined) return letter
  throw new TidingsError(
    'dead_letter_missing',
    `There is no dead letter ${JSON.stringify(id)}. An id is group/topic/partition/offset; \`tidings dead-letters ls\` lists them.`,
  )
}

export const letterColumns: readonly Column<DeadLetter>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'REASON', text: ({ reason }) => reason },
  { title: 'ATTEMPTS', align: 'right', text: ({ attempts }) => countText(attempts) },
  { title: 'TYPE', text: ({ event }) => event?.type ?? '-' },
  { title: 'FAILED', text: ({ failedAt }) => timeText(failedAt) },
]
