import type { Engine } from '../../src/bus/index.ts'
import type { DeadLetterFilter } from '../../src/dead-letter/index.ts'
import { decodeEvent } from '../../src/event/index.ts'
import type { Buried } from './checker.ts'
import type { Handling } from './history.ts'

/** What the dead-letter store keeps of an event, and the event itself. */
export type Letter = Buried & { readonly id: string }

/** All entries that a filter lets through. */
export async function readLetters(
  { deadLetters }: Pick<Engine, 'deadLetters'>,
  filter: DeadLetterFilter,
): Promise<readonly Letter[]> {
  const found: Letter[] = []
  let after: string | undefined
  do {
    const { entries, next } = await deadLetters.list(filter, { limit: 1_000, after })
    for (const { id, group, reason, encoded } of entries) {
      const { key, number } = decodeEvent(encoded).data as Omit<Handling, 'group'>
      found.push({ id, group, key, number, reason })
    }
    after = next
  } while (after !== undefined)
  return found
}
