import type { StatementSync } from 'node:sqlite'
import { type Clock, limits, TidingsError } from '../kernel/index.ts'
import type {
  AppendRecord,
  Change,
  GroupState,
  LoadedGroup,
  LogStore,
  PartitionBounds,
  StoredCommit,
  StoredRecord,
  TopicSettings,
} from '../log/index.ts'
import { Appender } from './appender.ts'
import { bootId } from './boot.ts'
import { CallerTransactions } from './caller-transaction.ts'
import { type SqliteCapabilities, sqliteCapabilities } from './capabilities.ts'
import { ChangeFeed } from './change-feed.ts'
import { sqliteError } from './errors.ts'
import { GroupTable } from './group-table.ts'
import { RecordTable } from './record-table.ts'
import { TopicTable } from './topic-table.ts'
import type { Writer } from './writer.ts'

/** A log in a SQLite file. */
export class SqliteLogStore implements LogStore<SqliteCapabilities> {
  readonly capabilities: SqliteCapabilities = sqliteCapabilities
  readonly #writer: Writer
  readonly #clock: Clock
  readonly #file: string
  readonly changes: ChangeFeed
  readonly #callers: CallerTransactions
  readonly #appender: Appender
  readonly #records: RecordTable
  readonly #topics: TopicTable
  readonly #groups: GroupTable
  readonly #nextDue: StatementSync
  readonly #due: StatementSync
  readonly #forgetDue: StatementSync
  #appended = new Set<string>()

  constructor(writer: Writer, file: string, clock: Clock) {
    const { database } = writer
    this.#writer = writer
    this.#clock = clock
    this.#file = file
    this.changes = new ChangeFeed(database, clock)
    this.#callers = new CallerTransactions(file)
    this.#appender = new Appender(database)
    this.#topics = new TopicTable(database)
    this.#records = new RecordTable(database)
    this.#groups = new GroupTable(database, bootId(), clock)
    this.#nextDue = database.prepare('SELECT min(not_before) AS due FROM tidings_delayed')
    this.#due = database.prepare(
      'SELECT id, topic, partition, body FROM tidings_delayed WHERE not_before <= ? ORDER BY not_before, id LIMIT ?',
    )
    this.#forgetDue = database.prepare('DELETE FROM tidings_delayed WHERE id = ?')
  }

  createTopic(topic: TopicSettings): Promise<TopicSettings> {
    return this.#writer.write(() => this.#topics.create(topic))
  }

  async topics(): Promise<readonly TopicSettings[]> {
    return this.#read(() => this.#topics.all())
  }

  append(records: readonly AppendRecord[], { tx }: { readonly tx: unknown }): Promise<void> {
    if (tx === undefined) {
      let bytes = 0
      for (const record of records) bytes += record.body.length
      return this.#writer.write(() => this.#append(records), { records: records.length, bytes })
    }
    if (tx === this.#writer.database && this.#writer.running) this.#append(records)
    else this.#appendFor(tx, records)
    return Promise.resolve()
  }

  appendDue(): Promise<number | undefined> {
    const next = this.#read(() => this.#nextDue.get()?.['due'])
    if (next === null || next === undefined || Number(next) > this.#clock.now()) {
      return Promise.resolve(next === null || next === undefined ? undefined : Number(next))
    }
    return this.#writer.write(() => {
      const rows = this.#due.all(this.#clock.now(), limits.groupCommitRecords)
      for (const row of rows) this.#forgetDue.run(Number(row['id']))
      this.#append(
        rows.map((row) => ({
          topic: String(row['topic']),
          partition: Number(row['partition']),
          body: String(row['body']),
          notBefore: undefined,
        })),
      )
      const due = this.#nextDue.get()?.['due']
      return due === null || due === undefined ? undefined : Number(due)
    })
  }

  async read(
    topic: string,
    partition: number,
    from: number,
    limit: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly StoredRecord[]> {
    return this.#read(() =>
      this.#records.read(this.#topics.slotOf(topic, partition), topic, partition, from, limit),
    )
  }

  async bounds(topic: string): Promise<readonly PartitionBounds[]> {
    return this.#read(() => this.#topics.bounds(topic))
  }

  truncate(topic: string, partition: number, before: number): Promise<void> {
    return this.#writer.write(() => {
      const slot = this.#topics.slotOf(topic, partition)
      const end = this.#topics.bounds(topic)[partition]?.end ?? 0
      const to = Math.min(before, end)
      this.#topics.cut(slot, to, this.#records.deleteBefore(slot, to))
    })
  }

  async groups(): Promise<readonly string[]> {
    return this.#read(() => this.#groups.names())
  }

  async loadGroup(group: string): Promise<LoadedGroup> {
    return this.#read(() => this.#groups.load(group))
  }

  saveGroup(
    group: string,
    state: GroupState,
    revision: number,
    granted: Parameters<LogStore['saveGroup']>[3],
  ): Promise<boolean> {
    return this.#writer.write(() => {
      const saved = this.#groups.save(group, state, revision, granted)
      if (saved) this.#writer.afterCommit(() => this.changes.emit({ kind: 'group', group }))
      return saved
    })
  }

  async commits(group: string): Promise<readonly StoredCommit[]> {
    return this.#read(() => this.#groups.commits(group))
  }

  commit(group: string, commits: readonly StoredCommit[]): Promise<readonly boolean[]> {
    return this.#writer.write(() => commits.map((each) => this.#groups.commit(group, each)))
  }

  moveCommits(group: string, commits: readonly Omit<StoredCommit, 'generation'>[]): Promise<void> {
    return this.#writer.write(() => {
      for (const each of commits) this.#groups.moveCommit(group, each)
    })
  }

  watch(changed: (change: Change) => void): () => void {
    return this.changes.watch(changed)
  }

  async close(): Promise<void> {
    await this.#writer.settled()
    this.changes.close()
  }

  #append(records: readonly AppendRecord[]): void {
    const { appended, delayed } = this.#appender.append(records, this.#clock.now())
    if (this.#appended.size === 0) this.#writer.afterCommit(() => this.#emitAppended())
    for (const name of appended) this.#appended.add(name)
    if (delayed) this.#writer.afterCommit(() => this.changes.emit({ kind: 'delayed' }))
  }

  #emitAppended(): void {
    const partitions = this.#appended
    this.#appended = new Set()
    this.changes.emit({ kind: 'appended', partitions })
  }

  #appendFor(tx: unknown, records: readonly AppendRecord[]): void {
    const appender = this.#callers.appenderOf(tx)
    this.#read(() => appender.append(records, this.#clock.now()))
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read()
    } catch (error) {
      if (error instanceof TidingsError) throw error
      throw sqliteError(error, this.#file)
    }
  }
}
