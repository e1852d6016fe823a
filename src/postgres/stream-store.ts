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
import { Session } from './session.ts'
import type { PostgresSource } from './source.ts'
import { only, type Row } from './sql.ts'
import { StreamAppender } from './stream-appender.ts'
import { streamStatements } from './stream-statements.ts'
import type { PostgresTransaction } from './transaction.ts'

/** Streams in PostgreSQL, in the database of the service's own rows. */
export function postgresStreams(
  source: PostgresSource,
  options: PostgresOptions = {},
): StreamStore<PostgresTransaction> {
  return new PostgresStreamStore(new Database(source, options))
}

class PostgresStreamStore implements StreamStore<PostgresTransaction> {
  readonly #database: Database
  readonly #sql: ReturnType<typeof streamStatements>
  readonly #session: Session
  readonly #changes: Changes
  readonly #listeners = new Listeners()
  readonly #appender: StreamAppender

  constructor(database: Database) {
    this.#database = database
    this.#sql = streamStatements(database.schema)
    this.#session = new Session(database)
    this.#changes = new Changes(database, this.#session)
    this.#appender = new StreamAppender(database, this.#sql, () => {
      this.#listeners.tell()
      this.#changes.announce({ streams: true })
    })
  }

  append(
    stream: StreamId,
    events: readonly StreamEvent[],
    { expected, within }: AppendOptions<PostgresTransaction>,
  ): Promise<Appended> {
    const append = { stream, events, expected }
    return within === undefined ? this.#appender.append(append) : this.#appender.appendWith(append, within)
  }

  async read(
    { name, id }: StreamId,
    { direction = 'forward', from, limit }: ReadStream,
  ): Promise<readonly StreamRecord[]> {
    const first = from ?? (direction === 'forward' ? 1 : Number.MAX_SAFE_INTEGER)
    return (await this.#database.query(this.#sql.read[direction], [name, id, first, limit])).map(recordOf)
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
    const [row] = await this.#database.query(this.#sql.findEvent, [eventId])
    return row && recordOf(row)
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
    const [row] = await this.#database.query(this.#sql.loadSnapshot, [name, id, key])
    return row && { version: Number(row['version']), state: String(row['state']) }
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
    await this.#appender.settled()
    this.#listeners.clear()
    this.#changes.close()
    await this.#session.close()
    await this.#database.close()
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
