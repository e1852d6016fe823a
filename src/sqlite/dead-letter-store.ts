import type { StatementSync } from 'node:sqlite'
import type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterState,
  DeadLetterStore,
} from '../dead-letter/index.ts'
import type { EncodedEvent } from '../event/index.ts'
import type { ChangeFeed } from './change-feed.ts'
import { rows } from './topic-table.ts'
import type { Writer } from './writer.ts'

type EntryRow = readonly [state: string, entry: string, encoded: string]

/** Dead letters in a table of the log's file. */
export class SqliteDeadLetterStore implements DeadLetterStore {
  readonly #writer: Writer
  readonly #changes: ChangeFeed
  readonly #put: StatementSync
  readonly #open: StatementSync
  readonly #request: StatementSync
  readonly #resolve: StatementSync
  readonly #get: StatementSync
  readonly #list: StatementSync
  readonly #count: StatementSync

  constructor(writer: Writer, changes: ChangeFeed) {
    const { database } = writer
    this.#writer = writer
    this.#changes = changes
    const columns = 'id, group_name, topic, partition, offset, state, entry, encoded'
    this.#put = database.prepare(
      `INSERT INTO tidings_dead_letter (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET state = excluded.state, entry = excluded.entry, encoded = excluded.encoded
       WHERE state NOT IN ('handled', 'discarded')`,
    )
    const select = 'SELECT state, entry, encoded FROM tidings_dead_letter'
    this.#open = rows(
      database,
      `${select} WHERE group_name = ? AND topic = ? AND partition = ? AND state IN (SELECT value FROM json_each(?)) ORDER BY offset`,
    )
    this.#request = database.prepare(
      "UPDATE tidings_dead_letter SET state = 'requested' WHERE id = ? AND state = 'dead'",
    )
    this.#resolve = database.prepare('UPDATE tidings_dead_letter SET state = ? WHERE id = ?')
    this.#get = rows(database, `${select} WHERE id = ?`)
    const filter = `(?1 IS NULL OR group_name = ?1) AND (?2 IS NULL OR topic = ?2)
      AND (?3 IS NULL OR state IN (SELECT value FROM json_each(?3))) AND substr(group_name, 1, length(?4)) = ?4`
    this.#list = rows(database, `${select} WHERE ${filter} AND id > ?5 ORDER BY id LIMIT ?6`)
    this.#count = rows(database, `SELECT count(*) FROM tidings_dead_letter WHERE ${filter}`)
  }

  put(entries: readonly DeadLetter[]): Promise<void> {
    return this.#writer.write(() => {
      for (const { encoded, state, ...entry } of entries) {
        const { id, group, topic, partition, offset } = entry
        this.#put.run(id, group, topic, partition, offset, state, JSON.stringify(entry), storedForm(encoded))
      }
    })
  }

  async open(
    group: string,
    topic: string,
    partition: number,
    states: readonly DeadLetterState[],
  ): Promise<readonly DeadLetter[]> {
    return (this.#open.all(group, topic, partition, JSON.stringify(states)) as unknown as EntryRow[]).map(
      entryOf,
    )
  }

  request(ids: readonly string[]): Promise<readonly string[]> {
    return this.#writer.write(() => {
      const requested = ids.filter((id) => this.#request.run(id).changes === 1)
      if (requested.length > 0) this.#writer.afterCommit(() => this.#changes.emit({ kind: 'unknown' }))
      return requested
    })
  }

  resolve(id: string, state: 'handled' | 'discarded'): Promise<void> {
    return this.#writer.write(() => {
      this.#resolve.run(state, id)
    })
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const row = this.#get.get(id) as unknown as EntryRow | undefined
    return row === undefined ? undefined : entryOf(row)
  }

  async list(
    filter: DeadLetterFilter,
    { limit, after }: DeadLetterPage,
  ): Promise<{ readonly entries: readonly DeadLetter[]; readonly next: string | undefined }> {
    const found = this.#list.all(...filterValues(filter), after ?? '', limit + 1) as unknown as EntryRow[]
    const entries = found.slice(0, limit).map(entryOf)
    return { entries, next: found.length > limit ? entries.at(-1)?.id : undefined }
  }

  async count(filter: DeadLetterFilter): Promise<number> {
    const [count] = this.#count.get(...filterValues(filter)) as unknown as [number]
    return count
  }

  watch(changed: () => void): () => void {
    return this.#changes.watch((change) => {
      if (change.kind === 'unknown') changed()
    })
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

function entryOf([state, entry, encoded]: EntryRow): DeadLetter {
  const fields = JSON.parse(entry) as Omit<DeadLetter, 'state' | 'encoded'>
  return { ...fields, state: state as DeadLetterState, encoded: encodedOf(encoded) }
}
