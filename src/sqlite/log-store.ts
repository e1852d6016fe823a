import type { StatementSync } from 'node:sqlite'
import { type Clock, limits, systemClock } from '../kernel/index.ts'
import {
  type AppendRecord,
  type Change,
  type GroupState,
  type KeptLease,
  keptByLoop,
  type Lease,
  type LeaseKeeper,
  type LoadedGroup,
  type LogStore,
  type PartitionBounds,
  type StoredCommit,
  type StoredRecord,
  type TopicSettings,
} from '../log/index.ts'
import { Appender } from './appender.ts'
import { bootId } from './boot.ts'
import { CallerTransactions, inSavepoint, notThroughTransaction } from './caller-transaction.ts'
import { type SqliteCapabilities, sqliteCapabilities } from './capabilities.ts'
import { ChangeFeed } from './change-feed.ts'
import { connectionError, reading } from './errors.ts'
import { GroupTable } from './group-table.ts'
import { leasesIn } from './leases.ts'
import { RecordTable } from './record-table.ts'
import { rows, TopicTable } from './topic-table.ts'
import { WakeUp } from './wake-up.ts'
import type { Writer, WriteSize } from './writer.ts'

/** A log in a SQLite file. */
export class SqliteLogStore implements LogStore<SqliteCapabilities> {
  readonly capabilities: SqliteCapabilities = sqliteCapabilities
  readonly #writer: Writer
  readonly #clock: Clock
  readonly changes: ChangeFeed
  readonly #callers: CallerTransactions<Appender>
  readonly #appender: Appender
  readonly #records: RecordTable
  readonly #topics: TopicTable
  readonly #groups: GroupTable
  readonly #leases: LeaseKeeper | undefined
  readonly #nextDue: StatementSync
  readonly #due: StatementSync
  readonly #forgetDue: StatementSync
  /** Topics whose creation waits. */
  #creating = 0
  /** The append asked for last, which may still wait. */
  #lastAppend:
    | { readonly records: AppendRecord[]; readonly run: () => void; readonly appended: Promise<void> }
    | undefined

  constructor(writer: Writer, clock: Clock) {
    const { database } = writer
    this.#writer = writer
    this.#clock = clock
    // On a clock of its own, a test's, nothing happens beside that clock; and nobody else can have a file in memory.
    const shared = clock === systemClock && writer.file !== ':memory:'
    this.changes = new ChangeFeed(database, clock, new WakeUp(shared ? writer.file : undefined))
    this.#callers = new CallerTransactions(writer.file, (tx) => new Appender(tx))
    this.#appender = new Appender(database)
    this.#topics = new TopicTable(database)
    this.#records = new RecordTable(database, this.#topics)
    this.#groups = new GroupTable(database, bootId(), clock)
    this.#leases = shared ? leasesIn(writer.file) : undefined
    this.#nextDue = database.prepare('SELECT min(not_before) AS due FROM tidings_delayed')
    this.#due = rows(
      database,
      'SELECT id, topic, partition, body FROM tidings_delayed WHERE not_before <= ? ORDER BY not_before, id LIMIT ?',
    )
    this.#forgetDue = database.prepare('DELETE FROM tidings_delayed WHERE id = ?')
  }

  async createTopic(topic: TopicSettings): Promise<TopicSettings> {
    this.#creating += 1
    try {
      return await this.#writer.write(() => this.#topics.create(topic))
    } finally {
      this.#creating -= 1
    }
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
    const nextMs = this.#read(() => this.#nextDueMs())
    if (nextMs === undefined || nextMs > this.#clock.now()) return nextMs
    return this.#writer.write(() => {
      const due = this.#takeDue()
      for (const [id] of due) this.#forgetDue.run(id)
      this.#append(
        due.map(([, topic, partition, body]) => ({ topic, partition, body, notBefore: undefined })),
      )
      return this.#nextDueMs()
    }, wholeCommit)
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

  /** In slices of one commit each, so that neither the event loop nor another process waits for the whole. */
  async truncate(topic: string, partition: number, before: number): Promise<void> {
    const slot = this.#read(() => this.#topics.slotOf(topic, partition))
    const to = Math.min(
      before,
      this.#read(() => this.#topics.kept(slot).end),
    )
    while (await this.#writer.write(() => this.#cutSlice(slot, to), wholeCommit));
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
    return this.#writeGroup(group, () => this.#groups.save(group, state, revision, granted))
  }

  keepLease(lease: Lease): KeptLease {
    this.changes.attend()
    return this.#leases?.keep(lease) ?? keptByLoop
  }

  async commits(group: string): Promise<readonly StoredCommit[]> {
    return this.#read(() => this.#groups.commits(group))
  }

  commit(group: string, commits: readonly StoredCommit[]): Promise<readonly boolean[]> {
    return this.#writer.writeFirst(() => commits.map((each) => this.#groups.commit(group, each)))
  }

  moveCommits(
    group: string,
    commits: readonly Omit<StoredCommit, 'generation'>[],
    revision: number,
    options: { readonly again: boolean },
  ): Promise<boolean> {
    return this.#writeGroup(group, () => this.#groups.moveCommits(group, commits, revision, options))
  }

  forgetGroup(group: string, revision: number): Promise<boolean> {
    return this.#writeGroup(group, () => this.#groups.forget(group, revision))
  }

  watch(changed: (change: Change) => void): () => void {
    return this.changes.watch(changed)
  }

  async close(): Promise<void> {
    await this.#writer.settled()
    this.changes.close()
    await this.#leases?.close()
  }

  /**
   * Appends asked for one after the other are one write: one savepoint, and each partition's row is read and updated
   * once. What can be wrong with one of them alone is found before it joins the others.
   */
  #appendSoon(records: readonly AppendRecord[]): Promise<void> {
    const size = sizeOf(records)
    // A topic whose creation waits is there when this is written; until then it cannot be looked up.
    if (this.#creating > 0) return this.#writer.publish(() => this.#append(records), size)
    try {
      for (const { topic, partition } of records) this.#topics.slotOf(topic, partition)
    } catch (error) {
      return Promise.reject(connectionError(error, this.#writer))
    }
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
    const appended = this.#writer.publish(run, size)
    this.#lastAppend = { records: together, run, appended }
    return appended
  }

  /** Tells watchers of the group when the write says that it has changed. */
  #writeGroup(group: string, write: () => boolean): Promise<boolean> {
    return this.#writer.writeFirst(() => {
      const changed = write()
      if (changed) this.#writer.afterCommit(() => this.changes.emit({ kind: 'group', group }))
      return changed
    })
  }

  #nextDueMs(): number | undefined {
    const due = this.#nextDue.get()?.['due']
    return due === null || due === undefined ? undefined : Number(due)
  }

  /** What is due and fits into one commit. Read before anything is deleted: at least one, where there is one. */
  #takeDue(): DueRow[] {
    const taken: DueRow[] = []
    let bytes = 0
    const due = this.#due.iterate(this.#clock.now(), limits.groupCommitRecords) as unknown as Iterable<DueRow>
    for (const row of due) {
      bytes += row[3].length
      if (taken.length > 0 && bytes > limits.groupCommitBytes) break
      taken.push(row)
    }
    return taken
  }

  /** Deletes the next slice; false when nothing is left before the offset. */
  #cutSlice(slot: number, before: number): boolean {
    const { begin } = this.#topics.kept(slot)
    if (begin >= before) return false
    const slice = this.#records.deleteSlice(slot, before)
    this.#topics.cut(slot, slice.before, slice.bytes)
    return slice.before < before
  }

  #append(records: readonly AppendRecord[]): void {
    const { appended, delayed } = this.#appender.append(records, this.#clock.now())
    if (appended.size > 0)
      this.#writer.afterCommit(() => this.changes.emit({ kind: 'appended', partitions: appended }))
    if (delayed) this.#writer.afterCommit(() => this.changes.emit({ kind: 'delayed' }))
  }

  #appendFor(tx: unknown, records: readonly AppendRecord[]): void {
    const appender = this.#callers.statementsFor(tx)
    this.#read(() => inSavepoint(appender.database, () => appender.append(records, this.#clock.now())))
  }

  #read<Result>(read: () => Result): Result {
    return reading(this.#writer, read)
  }
}

type DueRow = readonly [id: number, topic: string, partition: number, body: string]

/** Shares its commit with no other write. */
const wholeCommit: WriteSize = { records: limits.groupCommitRecords, bytes: limits.groupCommitBytes }

function sizeOf(records: readonly AppendRecord[]): WriteSize {
  let bytes = 0
  for (const { body } of records) bytes += body.length
  return { records: records.length, bytes }
}
