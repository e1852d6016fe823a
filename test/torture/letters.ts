import { decodeEvent } from '../../src/event/index.ts'
import type { SqliteEngine } from '../../src/sqlite/index.ts'
import type { Handling } from './history.ts'

/** Every dead letter, as the event that it keeps. */
export async function readDeadLetters({ deadLetters }: SqliteEngine): Promise<readonly Handling[]> {
  const found: Handling[] = []
  let after: string | undefined
  do {
    const { entries, next } = await deadLetters.list({ states: ['dead'] }, { limit: 1_000, after })
    for (const { group, encoded } of entries) {
      const { key, number } = decodeEvent(encoded).data as Omit<Handling, 'group'>
      found.push({ group, key, number })
    }
    after = next
  } while (after !== undefined)
  return found
}
