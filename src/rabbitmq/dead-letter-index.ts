import { createHash } from 'node:crypto'
import type { DeadLetter, DeadLetterFilter } from '../dead-letter/index.ts'
import { type EncodedEvent, eventKey } from '../event/index.ts'

/** What is kept in memory of an entry: where it stands, and where its record lies. */
export type IndexedEntry = Pick<
  DeadLetter,
  'id' | 'group' | 'topic' | 'partition' | 'offset' | 'state' | 'key' | 'attempts' | 'nextAttemptAt'
> & {
  /** The same for the same event of the same group, whatever offset it was delivered under. */
  readonly sameness: string
  /** The entry of the stream, and which of it. */
  readonly at: number
  readonly nth: number
}

/** One write to the stream of dead letters. */
export interface DeadLetterWrite {
  /** Which process. */
  readonly by: string
  readonly put: readonly StoredEntry[]
  /** Ids. */
  readonly removed: readonly string[]
}

/** The dead letters of a broker by id, as the stream says when it is read from its beginning. */
export class DeadLetterIndex {
  readonly #entries = new Map<string, IndexedEntry>()
  readonly #bySameness = new Map<string, string>()

  apply({ put, removed }: DeadLetterWrite, at: number): void {
    for (const id of removed) this.#remove(id)
    for (const [nth, stored] of put.entries()) this.#add(stored, at, nth)
  }

  entry(id: string): IndexedEntry | undefined {
    return this.#entries.get(id)
  }

  /** Entries under other ids that are of the same events: what was put before its event was delivered once more. */
  replacedBy(entries: readonly DeadLetter[]): readonly string[] {
    return entries.flatMap((entry) => {
      const known = this.#bySameness.get(samenessOf(entry))
      return known === undefined || known === entry.id ? [] : [known]
    })
  }

  matching({ group, groupPrefix = '', topic, states }: DeadLetterFilter): readonly IndexedEntry[] {
    return [...this.#entries.values()].filter(
      (entry) =>
        (group === undefined || entry.group === group) &&
        entry.group.startsWith(groupPrefix) &&
        (topic === undefined || entry.topic === topic) &&
        (states === undefined || states.includes(entry.state)),
    )
  }

  #add(stored: StoredEntry, at: number, nth: number): void {
    const { id, group, topic, partition, offset, state, key, attempts, nextAttemptAt } = stored
    const sameness = samenessOf(entryOf(stored))
    const place = { id, group, topic, partition, offset, state, key, attempts, nextAttemptAt }
    this.#entries.set(id, { ...place, sameness, at, nth })
    this.#bySameness.set(sameness, id)
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id)
    this.#entries.delete(id)
    if (entry !== undefined && this.#bySameness.get(entry.sameness) === id)
      this.#bySameness.delete(entry.sameness)
  }
}

function samenessOf({ group, topic, partition, event, encoded }: DeadLetter): string {
  const what = event === undefined ? hashOf(encoded) : eventKey(event)
  return `${group}/${topic}/${partition}/${what}`
}

function hashOf(encoded: EncodedEvent): string {
  const hash = createHash('sha256')
  if (typeof encoded === 'string') hash.update(encoded)
  else hash.update(JSON.stringify(encoded.attributes)).update(encoded.body ?? '')
  return hash.digest('base64')
}

/** As JSON, the bytes of a record in binary mode in base64. */
export function storedForm({ encoded, ...entry }: DeadLetter): StoredEntry {
  if (typeof encoded === 'string') return { ...entry, encoded }
  const { attributes, body } = encoded
  return { ...entry, attributes, body: body && Buffer.from(body).toString('base64') }
}

export interface StoredEntry extends Omit<DeadLetter, 'encoded'> {
  readonly encoded?: string | undefined
  readonly attributes?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
}

export function entryOf({ encoded, attributes = {}, body, ...entry }: StoredEntry): DeadLetter {
  const bytes = body === undefined ? undefined : new Uint8Array(Buffer.from(body, 'base64'))
  // What JSON leaves out is there, and undefined.
  const { event, key, nextAttemptAt } = entry
  return { ...entry, event, key, nextAttemptAt, encoded: encoded ?? { attributes, body: bytes } }
}
