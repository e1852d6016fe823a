import type { StatementSync } from 'node:sqlite'
import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterList,
  type DeadLetterPage,
  type DeadLetterPlace,
  type DeadLetterState,
  type DeadLetterStore,
  discardReasonOf,
  firstPage,
} from '../dead-letter/index.ts'
import type { EncodedEvent } from '../event/index.ts'
import { type Fence, fencedBy } from '../log/index.ts'
import type { ChangeFeed } from './change-feed.ts'
import { reading } from './errors.ts'
import { rows } from './topic-table.ts'
import type { Writer } from './writer.ts'

/** What has a column of its own is not in `entry`. */
type EntryRow = readonly [
  state: DeadLetterState,
  key: string | null,
  attempts: number,
  nextAttemptAt: number | null,
  discardReason: string | null,
  entry: string,
  encoded: string,
]

type PlaceRow = readonly [
  id: string,
  offset: number,
  key: string | null,
  state: DeadLetterState,
  attempts: number,
  nextAttemptAt: number | null,
]

/** Dead letters in a table of the log's file, or of a file of their own. */
export class SqliteDeadLetterStore implements DeadLetterStore {
  readonly #writer: Writer
  readonly #changes: ChangeFeed
  readonly #fenced: boolean
  readonly #generation: StatementSync
  readonly #put: StatementSync
  readonly #remove: StatementSync
  readonly #handled: StatementSync
  readonly #open: StatementSync
  readonly #request: StatementSync
  readonly #discard: StatementSync
  readonly #get: StatementSync
  readonly #list: StatementSync
  readonly #count: StatementSync

  /** @param fenced whether the file's log knows who owns a partition. */
  constructor(writer: Writer, changes: ChangeFeed, { fenced }: { readonly fenced: boolean }) {
    const { database } = writer
    this.#writer = writer
    this.#changes = changes
    this.#fenced = fenced
    this.#generation = rows(
      database,
      'SELECT generation FROM tidings_commit WHERE group_name = ? AND topic = ? AND partition = ?',
    )
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO tidings_dead_letter
       (id, group_name, topic, partition, offset, state, event_key, attempts, next_attempt_at, discard_reason, entry, encoded)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#remove = database.prepare(
      "DELETE FROM tidings_dead_letter WHERE id = ? AND state IN ('set-aside', 'parked')",
    )
    this.#handled = database.prepare(
      "UPDATE tidings_dead_letter SET state = 'handled', next_attempt_at = NULL WHERE id = ? AND state = 'requested'",
    )
    this.#open = rows(
      database,
      `SELECT id, offset, event_key, state, attempts, next_attempt_at FROM tidings_dead_letter
       WHERE group_name = ? AND topic = ? AND partition = ? AND state IN (SELECT value FROM json_each(?)) ORDER BY offset`,
    )
    this.#request = database.prepare(
      "UPDATE tidings_dead_letter SET state = 'requested', attempts = 0, next_attempt_at = NULL WHERE id = ? AND state = 'dead'",
    )
    this.#discard = database.prepare(
      `UPDATE tidings_dead_letter SET state = 'discarded', discard_reason = ?, next_attempt_at = NULL
       WHERE id = ? AND state IN ('set-aside', 'dead', 'parked', 'requested')`,
    )
    const select =
      'SELECT state, event_key, attempts, next_attempt_at, discard_reason, entry, encoded FROM tidings_dead_letter'
    this.#get = rows(database, `${select} WHERE id = ?`)
    const filter = `(?1 IS NULL OR group_name = ?1) AND (?2 IS NULL OR topic = ?2)
      AND (?3 IS NULL OR state IN (SELECT value FROM json_each(?3))) AND substr(group_name, 1, length(?4)) = ?4`
    this.#list = rows(database, `${select} WHERE ${filter} AND id > ?5 ORDER BY id LIMIT ?6`)
    this.#count = rows(database, `SELECT count(*) FROM tidings_dead_letter WHERE ${filter}`)
  }

  put(owner: Fence, entries: readonly DeadLetter[]): Promise<void> {
    return this.#writer.write(() => {
      this.#checkOwner(owner)
      for (const entry of entries) this.#write(entry)
    })
  }

  resolve(owner: Fence, id: string): Promise<void> {
    return this.#writer.write(() => {
      this.#checkOwner(owner)
      if (this.#remove.run(id).changes === 0) this.#handled.run(id)
    })
  }

  async open(
    group: string,
    topic: string,
    partition: number,
    states: readonly DeadLetterState[],
  ): Promise<readonly DeadLetterPlace[]> {
    const found = this.#read(() => this.#open.all(group, topic, partition, JSON.stringify(states)))
    return (found as unknown as PlaceRow[]).map(([id, offset, key, state, attempts, nextAttemptAt]) => ({
      id,
      offset,
      key: key ?? undefined,
      state,
      attempts,
      nextAttemptAt: nextAttemptAt ?? undefined,
    }))
  }

  request(ids: readonly string[]): Promise<readonly string[]> {
    return this.#writer.write(() => {
      const requested = ids.filter((id) => this.#request.run(id).changes === 1)
      if (requested.length > 0) this.#tellAfterCommit()
      return requested
    })
  }

  discard(id: string, reason: string): Promise<boolean> {
    return this.#writer.write(() => {
      const discarded = this.#discard.run(discardReasonOf(reason), id).changes === 1
      if (discarded) this.#tellAfterCommit()
      return discarded
    })
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const row = this.#read(() => this.#get.get(id)) as unknown as EntryRow | undefined
    return row === undefined ? undefined : entryOf(row)
  }

  async list(
    filter: DeadLetterFilter = {},
    { limit, after }: DeadLetterPage = firstPage,
  ): Promise<DeadLetterList> {
    const found = this.#read(() => this.#list.all(...filterValues(filter), after ?? '', limit + 1))
    const entries = (found as unknown as EntryRow[]).slice(0, limit).map(entryOf)
    return { entries, next: found.length > limit ? entries.at(-1)?.id : undefined }
  }

  async count(filter: DeadLetterFilter = {}): Promise<number> {
    const [count] = this.#read(() => this.#count.get(...filterValues(filter))) as unknown as [number]
    return count
  }

  watch(changed: () => void): () => void {
    return this.#changes.watch((change) => {
      if (change.kind === 'unknown') changed()
    })
  }

  #checkOwner(owner: Fence): void {
    if (!this.#fenced) return
    const row = this.#generation.get(owner.group, owner.topic, owner.partition) as unknown as
      | [number]
      | undefined
    if (row?.[0] !== owner.generation) throw fencedBy(owner, row?.[0])
  }

  #write({ encoded, state, key, attempts, nextAttemptAt, discardReason, ...entry }: DeadLetter): void {
    const { id, group, topic, partition, offset } = entry
    this.#put.run(
      id,
      group,
      topic,
      partition,
      offset,
      state,
      key ?? null,
      attempts,
      nextAttemptAt ?? null,
      discardReason ?? null,
      JSON.stringify(entry),
      storedForm(encoded),
    )
  }

  /** Owners look for what was requested or discarded. */
  #tellAfterCommit(): void {
    this.#writer.afterCommit(() => this.#changes.emit({ kind: 'unknown' }))
  }

  #read<Result>(read: () => Result): Result {
    return reading(this.#writer, read)
  }
}

function filterValues({ group, groupPrefix, topic, states }: DeadLetterFilter): (string | null)[] {
  return [
    group ?? null,
    topic ?? null,
    states === undefined ? null : JSON.stringify(states),
    groupPrefix ?? '',
  ]
}

/** Structured JSON as it is, byte for byte, even where it cannot be parsed; binary mode as JSON with a base64 body. */
function storedForm(encoded: EncodedEvent): string {
  if (typeof encoded === 'string') return `s${encoded}`
  const body = encoded.body === undefined ? undefined : Buffer.from(encoded.body).toString('base64')
  return `b${JSON.stringify({ attributes: encoded.attributes, body })}`
}

function encodedOf(stored: string): EncodedEvent {
  if (stored.startsWith('s')) return stored.slice(1)
  const { attributes, body } = JSON.parse(stored.slice(1)) as {
    attributes: Record<string, string>
    body?: string
  }
  return { attributes, body: body === undefined ? undefined : new Uint8Array(Buffer.from(body, 'base64')) }
}

function entryOf([state, key, attempts, nextAttemptAt, discardReason, entry, encoded]: EntryRow): DeadLetter {
  return {
    ...(JSON.parse(entry) as StoredEntry),
    state,
    key: key ?? undefined,
    attempts,
    nextAttemptAt: nextAttemptAt ?? undefined,
    ...(discardReason === null ? {} : { discardReason }),
    encoded: encodedOf(encoded),
  }
}

type StoredEntry = Omit<
  DeadLetter,
  'state' | 'key' | 'attempts' | 'nextAttemptAt' | 'discardReason' | 'encoded'
>
