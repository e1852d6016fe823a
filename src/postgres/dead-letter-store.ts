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
import { Listeners } from '../kernel/index.ts'
import { type Fence, fencedBy } from '../log/index.ts'
import type { Changes } from './changes.ts'
import type { Database } from './database.ts'
import { deadLetterStatements } from './dead-letter-statements.ts'
import type { PostgresQuery } from './query.ts'
import { only, optionalNumber, optionalText, type Row, rowsOf } from './sql.ts'

/** Dead letters in a table beside the log's. Texts are kept as JSON: PostgreSQL keeps no character 0. */
export class PostgresDeadLetterStore implements DeadLetterStore {
  readonly #database: Database
  readonly #changes: Changes
  readonly #fenced: boolean
  readonly #listeners = new Listeners()
  readonly #sql: ReturnType<typeof deadLetterStatements>

  /** @param fenced whether the log beside it knows who owns a partition. */
  constructor(database: Database, changes: Changes, { fenced }: { readonly fenced: boolean }) {
    this.#database = database
    this.#changes = changes
    this.#fenced = fenced
    this.#sql = deadLetterStatements(database.schema)
  }

  put(owner: Fence, entries: readonly DeadLetter[]): Promise<void> {
    return this.#database.transaction(async (tx) => {
      await this.#checkOwner(tx, owner)
      // The last of those with one id, as if they were written one after the other.
      const last = [...new Map(entries.map((entry) => [entry.id, entry])).values()]
      if (last.length > 0) await tx.query(this.#sql.put, columnsOf(last))
    })
  }

  resolve(owner: Fence, id: string): Promise<void> {
    return this.#database.transaction(async (tx) => {
      await this.#checkOwner(tx, owner)
      await tx.query(this.#sql.remove, [id])
      await tx.query(this.#sql.handled, [id])
    })
  }

  async open(
    group: string,
    topic: string,
    partition: number,
    states: readonly DeadLetterState[],
  ): Promise<readonly DeadLetterPlace[]> {
    const rows = await this.#database.query(this.#sql.open, [group, topic, partition, states])
    return rows.map((row) => ({
      id: String(row['id']),
      offset: Number(row['record_offset']),
      ...changingOf(row),
    }))
  }

  async request(ids: readonly string[]): Promise<readonly string[]> {
    const rows = await this.#database.query(this.#sql.request, [ids])
    const requested = new Set(rows.map((row) => String(row['id'])))
    if (requested.size > 0) this.#tell()
    return ids.filter((id) => requested.has(id))
  }

  async discard(id: string, reason: string): Promise<boolean> {
    const text = JSON.stringify(discardReasonOf(reason))
    const rows = await this.#database.query(this.#sql.discard, [id, text])
    if (rows.length > 0) this.#tell()
    return rows.length > 0
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const [row] = await this.#database.query(this.#sql.get, [id])
    return row && entryOf(row)
  }

  async list(
    filter: DeadLetterFilter = {},
    { limit, after }: DeadLetterPage = firstPage,
  ): Promise<DeadLetterList> {
    const values = [...filterValues(filter), after ?? '', limit + 1]
    const rows = await this.#database.query(this.#sql.list, values)
    const entries = rows.slice(0, limit).map(entryOf)
    return { entries, next: rows.length > limit ? entries.at(-1)?.id : undefined }
  }

  async count(filter: DeadLetterFilter = {}): Promise<number> {
    return Number(only(await this.#database.query(this.#sql.count, filterValues(filter)))['count'])
  }

  watch(changed: () => void): () => void {
    const others = this.#changes.watch((written) => {
      if (written === undefined || written.deadLetters === true) changed()
    })
    const stops = [this.#listeners.add(changed), others]
    return () => {
      for (const stop of stops) stop()
    }
  }

  /** Shares the row until the commit: whoever takes the partition over waits for what is being written. */
  async #checkOwner(tx: PostgresQuery, owner: Fence): Promise<void> {
    if (!this.#fenced) return
    const { group, topic, partition, generation } = owner
    const [row] = await rowsOf(tx, this.#sql.owner, [group, topic, partition])
    const newest = row && Number(row['generation'])
    if (newest !== generation) throw fencedBy(owner, newest)
  }

  /** Owners look for what was requested or discarded. */
  #tell(): void {
    this.#listeners.tell()
    this.#changes.announce({ deadLetters: true })
  }
}

function filterValues({ group, groupPrefix, topic, states }: DeadLetterFilter): unknown[] {
  return [group ?? null, topic ?? null, states ?? null, groupPrefix ?? '']
}

function columnsOf(entries: readonly DeadLetter[]): unknown[] {
  return [
    entries.map(({ id }) => id),
    entries.map(({ group }) => group),
    entries.map(({ topic }) => topic),
    entries.map(({ partition }) => partition),
    entries.map(({ offset }) => offset),
    entries.map(({ state }) => state),
    entries.map(({ key }) => (key === undefined ? null : JSON.stringify(key))),
    entries.map(({ attempts }) => attempts),
    entries.map(({ nextAttemptAt }) => nextAttemptAt ?? null),
    entries.map(({ discardReason }) => (discardReason === undefined ? null : JSON.stringify(discardReason))),
    entries.map((entry) => JSON.stringify(storedEntry(entry))),
    entries.map(({ encoded }) => JSON.stringify(storedForm(encoded))),
  ]
}

/** What has no column of its own. */
type StoredEntry = Omit<
  DeadLetter,
  'state' | 'key' | 'attempts' | 'nextAttemptAt' | 'discardReason' | 'encoded'
>

function storedEntry(entry: DeadLetter): StoredEntry {
  const {
    state: _state,
    key: _key,
    attempts: _attempts,
    nextAttemptAt: _next,
    discardReason: _reason,
    encoded: _encoded,
    ...rest
  } = entry
  return rest
}

interface BinaryForm {
  readonly attributes: Record<string, string>
  /** In base64. */
  readonly body?: string
}

/** Structured JSON as a string, even where it cannot be parsed; binary mode with a base64 body. */
function storedForm(encoded: EncodedEvent): string | BinaryForm {
  if (typeof encoded === 'string') return encoded
  const { attributes, body } = encoded
  return body === undefined ? { attributes } : { attributes, body: Buffer.from(body).toString('base64') }
}

function encodedOf(stored: string): EncodedEvent {
  const form: string | BinaryForm = JSON.parse(stored)
  if (typeof form === 'string') return form
  const { attributes, body } = form
  return { attributes, body: body === undefined ? undefined : new Uint8Array(Buffer.from(body, 'base64')) }
}

function changingOf(row: Row): Pick<DeadLetter, 'key' | 'state' | 'attempts' | 'nextAttemptAt'> {
  const key = optionalText(row['event_key'])
  return {
    key: key === undefined ? undefined : JSON.parse(key),
    state: String(row['state']) as DeadLetterState,
    attempts: Number(row['attempts']),
    nextAttemptAt: optionalNumber(row['next_attempt_at']),
  }
}

function entryOf(row: Row): DeadLetter {
  const stored: StoredEntry = JSON.parse(String(row['entry']))
  const reason = optionalText(row['discard_reason'])
  return {
    ...stored,
    ...changingOf(row),
    ...(reason === undefined ? {} : { discardReason: JSON.parse(reason) }),
    encoded: encodedOf(String(row['encoded'])),
  }
}
