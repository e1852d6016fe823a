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
  /** How much of the stream was read when it had come, and about what it takes there. */
  readonly readBytes: number
  readonly bytes: number
}

/** One write to the stream of dead letters. */
export interface DeadLetterWrite {
  /** Which process. */
  readonly by: string
  readonly put: readonly StoredEntry[]
  /** Ids. */
  readonly removed: readonly string[]
  /** Of what is written once more, since the stream drops its beginning: for each of `put`, where it stood. What has changed since stays. */
  readonly from?: readonly number[] | undefined
}

/** The dead letters of a broker by id, as the stream says when it is read from its beginning. */
export class DeadLetterIndex {
  readonly #entries = new Map<string, IndexedEntry>()
  readonly #bySameness = new Map<string, string>()
  #readBytes = 0
  #openBytes = 0

  /** @param bytes of the whole write in the stream. */
  apply({ put, removed, from }: DeadLetterWrite, at: number, bytes: number): void {
    this.#readBytes += bytes
    for (const id of removed) this.#remove(id)
    for (const [nth, stored] of put.entries()) {
      const known = this.#entries.get(stored.id)
      if (from !== undefined && known !== undefined && known.at !== from[nth]) continue
      this.#add(stored, { at, nth, readBytes: this.#readBytes, bytes: bytes / put.length })
    }
  }

  /** What those take in the stream that are neither handled nor discarded. */
  get openBytes(): number {
    return this.#openBytes
  }

  /** Of those, such that have more than so many bytes behind them: the oldest first. */
  openBefore(bytes: number, most: number): readonly IndexedEntry[] {
    const old = [...this.#entries.values()].filter(
      (entry) => isOpen(entry) && this.#readBytes - entry.readBytes > bytes,
    )
    return old.toSorted((a, b) => a.at - b.at || a.nth - b.nth).slice(0, most)
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

  #add(stored: StoredEntry, where: Pick<IndexedEntry, 'at' | 'nth' | 'readBytes' | 'bytes'>): void {
    this.#forget(stored.id)
    const { id, group, topic, partition, offset, state, key, attempts, nextAttemptAt } = stored
    const sameness = samenessOf(entryOf(stored))
    const place = { id, group, topic, partition, offset, state, key, attempts, nextAttemptAt }
    this.#entries.set(id, { ...place, ...where, sameness })
    this.#bySameness.set(sameness, id)
    if (isOpen(place)) this.#openBytes += where.bytes
  }

  #forget(id: string): IndexedEntry | undefined {
    const entry = this.#entries.get(id)
    this.#entries.delete(id)
    if (entry !== undefined && isOpen(entry)) this.#openBytes -= entry.bytes
    return entry
  }

  #remove(id: string): void {
    const entry = this.#forget(id)
    if (entry !== undefined && this.#bySameness.get(entry.sameness) === id)
      this.#bySameness.delete(entry.sameness)
  }
}

function isOpen({ state }: Pick<IndexedEntry, 'state'>): boolean {
  return state !== 'handled' && state !== 'discarded'
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
