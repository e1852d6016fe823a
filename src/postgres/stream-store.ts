import { Listeners, limits, TidingsError } from '../kernel/index.ts'
import type {
  Appended,
  AppendOptions,
  ReadStream,
  StoredSnapshot,
  StreamEvent,
  StreamId,
  StreamRecord,
  StreamStore,
  StreamSummary,
} from '../streams/index.ts'
import { Changes } from './changes.ts'
import { Database, type PostgresOptions } from './database.ts'
import { Lookup } from './lookup.ts'
import { Session } from './session.ts'
import type { PostgresSource } from './source.ts'
import { only, type Row } from './sql.ts'
import { StreamAppender } from './stream-appender.ts'
import { streamStatements } from './stream-statements.ts'
import { columnsOf } from './stream-writes.ts'
import type { PostgresTransaction } from './transaction.ts'

/** Streams in PostgreSQL, in the database of the service's own rows. */
export function postgresStreams(
  source: PostgresSource,
  options: PostgresOptions = {},
): StreamStore<PostgresTransaction> {
  return new PostgresStreamStore(new Database(source, options, 'postgresStreams()'))
}

/** A page of one stream, forward. */
interface PageQuestion {
  readonly stream: StreamId
  readonly from: number
  readonly limit: number
}

interface SnapshotQuestion {
  readonly stream: StreamId
  readonly key: string
}

class PostgresStreamStore implements StreamStore<PostgresTransaction> {
  readonly #database: Database
  readonly #sql: ReturnType<typeof streamStatements>
  readonly #session: Session
  readonly #changes: Changes
  readonly #listeners = new Listeners()
  readonly #appender: StreamAppender
  readonly #pages: Lookup<PageQuestion, readonly StreamRecord[]>
  readonly #events: Lookup<string, StreamRecord | undefined>
  readonly #snapshots: Lookup<SnapshotQuestion, StoredSnapshot | undefined>

  constructor(database: Database) {
    this.#database = database
    this.#sql = streamStatements(database.schema)
    this.#session = new Session(database)
    this.#changes = new Changes(database, this.#session)
    this.#appender = new StreamAppender(database, this.#sql, () => {
      this.#listeners.tell()
      this.#changes.announce({ streams: true })
    })
    const { timers } = database
    this.#pages = new Lookup(timers, (questions) => this.#pagesOf(questions))
    this.#events = new Lookup(timers, (ids) => this.#eventsOf(ids))
    this.#snapshots = new Lookup(timers, (questions) => this.#snapshotsOf(questions))
  }

  append(
    stream: StreamId,
    events: readonly StreamEvent[],
    { expected, within }: AppendOptions<PostgresTransaction>,
  ): Promise<Appended> {
    return this.#appender.append({ stream, events, expected, within })
  }

  async read(
    { name, id }: StreamId,
    { direction = 'forward', from, limit }: ReadStream,
  ): Promise<readonly StreamRecord[]> {
    if (direction === 'forward') return this.#pages.ask({ stream: { name, id }, from: from ?? 1, limit })
    const values = [name, id, from ?? Number.MAX_SAFE_INTEGER, limit]
    return (await this.#database.query(this.#sql.readBackward, values)).map(recordOf)
  }

  async readAll({
    after,
    names,
    limit,
  }: Parameters<StreamStore['readAll']>[0]): Promise<readonly StreamRecord[]> {
    const values = [...placeAfter(after), await this.#horizon(), names ?? null, limit]
    return (await this.#database.query(this.#sql.readAll, values)).map(recordOf)
  }

  async countAll({ after, names }: Parameters<StreamStore['countAll']>[0]): Promise<number> {
    const values = [...placeAfter(after), await this.#horizon(), names ?? null]
    return Number(only(await this.#database.query(this.#sql.countAll, values))['count'])
  }

  async find(eventId: string): Promise<StreamRecord | undefined> {
    return this.#events.ask(eventId)
  }

  /** In slices of one commit each. */
  async truncate({ name, id }: StreamId, before: number): Promise<number> {
    for (let deleted = 0; ; ) {
      const values = [name, id, before, limits.streamPage]
      const gone = Number(only(await this.#database.query(this.#sql.truncate, values))['gone'])
      deleted += gone
      if (gone < limits.streamPage) return deleted
    }
  }

  async list(
    name: string,
    { after, limit }: Parameters<StreamStore['list']>[1],
  ): Promise<readonly StreamSummary[]> {
    const rows = await this.#database.query(this.#sql.list, [name, after ?? '', limit])
    return rows.map((row) => ({
      stream: { name, id: String(row['id']) },
      version: Number(row['version']),
      appendedAt: Number(row['appended_at']),
    }))
  }

  async loadSnapshot({ name, id }: StreamId, key: string): Promise<StoredSnapshot | undefined> {
    return this.#snapshots.ask({ stream: { name, id }, key })
  }

  async saveSnapshot({ name, id }: StreamId, key: string, { version, state }: StoredSnapshot): Promise<void> {
    await this.#database.query(this.#sql.saveSnapshot, [name, id, key, version, state])
  }

  watch(changed: () => void): () => void {
    const others = this.#changes.watch((written) => {
      if (written === undefined || written.streams === true) changed()
    })
    const stops = [this.#listeners.add(changed), others]
    return () => {
      for (const stop of stops) stop()
    }
  }

  async close(): Promise<void> {
    const lookups = [this.#pages, this.#events, this.#snapshots]
    await Promise.all([this.#appender, ...lookups].map((each) => each.settled()))
    this.#listeners.clear()
    this.#changes.close()
    await this.#session.close()
    await this.#database.close()
  }

  async #pagesOf(questions: readonly PageQuestion[]): Promise<(index: number) => readonly StreamRecord[]> {
    const values = [
      ...columnsOf(questions.map(({ stream }) => stream)),
      questions.map(({ from }) => from),
      questions.map(({ limit }) => limit),
    ]
    const rows = await this.#database.query(this.#sql.readForward, values)
    const pages = Map.groupBy(rows, indexOf)
    return (index) => (pages.get(index) ?? []).map(recordOf)
  }

  async #eventsOf(ids: readonly string[]): Promise<(index: number) => StreamRecord | undefined> {
    const rows = await this.#database.query(this.#sql.findEvents, [ids])
    const records = new Map(rows.map((row) => [String(row['event_id']), recordOf(row)]))
    return (index) => records.get(ids[index] ?? '')
  }

  async #snapshotsOf(
    questions: readonly SnapshotQuestion[],
  ): Promise<(index: number) => StoredSnapshot | undefined> {
    const values = [...columnsOf(questions.map(({ stream }) => stream)), questions.map(({ key }) => key)]
    const rows = await this.#database.query(this.#sql.loadSnapshots, values)
    const snapshots = new Map(rows.map((row) => [indexOf(row), snapshotOf(row)]))
    return (index) => snapshots.get(index)
  }

  async #horizon(): Promise<unknown> {
    return only(await this.#database.query(this.#sql.horizon))['horizon']
  }
}

/** @throws `option_invalid` for what no store of this kind has given. */
function placeAfter(after: string | undefined): readonly string[] {
  if (after === undefined) return ['0', '0', '0']
  const parts = /^(\d{1,18})-(\d{1,19})-(\d{1,18})$/.exec(after)
  if (parts !== null) return parts.slice(1)
  throw new TidingsError(
    'option_invalid',
    `There is no position ${JSON.stringify(after)} in PostgreSQL. Give one that was read from it, or none to begin at the start.`,
  )
}

/** Which question a row answers. */
function indexOf(row: Row): number {
  return Number(row['asked']) - 1
}

function snapshotOf(row: Row): StoredSnapshot {
  return { version: Number(row['version']), state: String(row['state']) }
}

function recordOf(row: Row): StreamRecord {
  return {
    stream: { name: String(row['name']), id: String(row['id']) },
    version: Number(row['version']),
    id: String(row['event_id']),
    type: String(row['type']),
    timeMs: Number(row['time_ms']),
    body: String(row['body']),
    position: [row['era'], row['xid'], row['place']].map(String).join('-'),
  }
}
