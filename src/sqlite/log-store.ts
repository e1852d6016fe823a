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
import { CallerTransactions, inSavepoint, notThroughTransaction } from './caller-transaction.ts'
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
  /** The append asked for last, which may still wait. */
  #lastAppend:
    | { readonly records: AppendRecord[]; readonly run: () => void; readonly appended: Promise<void> }
    | undefined

  constructor(writer: Writer, file: string, clock: Clock) {
    const { database } = writer
    this.#writer = writer
    this.#clock = clock
    this.#file = file
    this.changes = new ChangeFeed(database, clock)
    this.#callers = new CallerTransactions(file)
    this.#appender = new Appender(database)
    this.#topics = new TopicTable(database)
    this.#records = new RecordTable(database, this.#topics)
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
    if (tx === undefined) return this.#appendSoon(records)
    if (tx !== this.#writer.database) this.#appendFor(tx, records)
    else if (this.#writer.running) inSavepoint(this.#writer.database, () => this.#append(records))
    else throw notThroughTransaction()
    return Promise.resolve()
  }

  async appendDue(): Promise<number | undefined> {
    const next = this.#read(() => this.#nextDue.get()?.['due'])
    if (next === null || next === undefined) return undefined
    if (Number(next) > this.#clock.now()) return Number(next)
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
    return this.#read(() => this.#records.read(topic, partition, from, limit))
  }

  async bounds(topic: string): Promise<readonly PartitionBounds[]> {
    return this.#read(() => this.#topics.bounds(topic))
  }

  truncate(topic: string, partition: number, before: number): Promise<void> {
    return this.#writer.write(() => {
      const slot = this.#topics.slotOf(topic, partition)
      const { begin, end } = this.#topics.kept(slot)
      const to = Math.min(before, end)
      if (to > begin) this.#topics.cut(slot, to, this.#records.deleteBefore(slot, to))
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
    return this.#writer.write(() => this.#groups.moveCommits(group, commits))
  }

  watch(changed: (change: Change) => void): () => void {
    return this.changes.watch(changed)
  }

  async close(): Promise<void> {
    await this.#writer.settled()
    this.changes.close()
  }

  /**
   * Appends asked for one after the other are one write: one savepoint, and each partition's row is read and updated
   * once. What can be wrong with one of them alone is found before it joins the others.
   */
  #appendSoon(records: readonly AppendRecord[]): Promise<void> {
    let bytes = 0
    try {
      for (const { topic, partition, body } of records) {
        this.#topics.slotOf(topic, partition)
        bytes += body.length
      }
    } catch (error) {
      return Promise.reject(sqliteError(error, this.#file))
    }
    const size = { records: records.length, bytes }
    const last = this.#lastAppend
    if (last !== undefined && this.#writer.extend(last.run, size)) {
      last.records.push(...records)
      return last.appended
    }
    const together = [...records]
    const run = (): void => {
      this.#lastAppend = undefined
      this.#append(together)
    }
    const appended = this.#writer.write(run, size)
    this.#lastAppend = { records: together, run, appended }
    return appended
  }

  #append(records: readonly AppendRecord[]): void {
    const { appended, delayed } = this.#appender.append(records, this.#clock.now())
    if (appended.size > 0)
      this.#writer.afterCommit(() => this.changes.emit({ kind: 'appended', partitions: appended }))
    if (delayed) this.#writer.afterCommit(() => this.changes.emit({ kind: 'delayed' }))
  }

  #appendFor(tx: unknown, records: readonly AppendRecord[]): void {
    const appender = this.#callers.appenderOf(tx)
    this.#read(() => inSavepoint(appender.database, () => appender.append(records, this.#clock.now())))
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
