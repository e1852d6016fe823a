import { Listeners, limits } from '../kernel/index.ts'
import {
  type AppendRecord,
  capabilityMissing,
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
import type { PostgresCapabilities } from './capabilities.ts'
import type { Changes, Written } from './changes.ts'
import type { Database } from './database.ts'
import { GroupTable } from './group-table.ts'
import { RecordTable } from './record-table.ts'
import { Segments } from './segments.ts'
import { only, time } from './sql.ts'
import { TopicTable } from './topic-table.ts'

/** A log in PostgreSQL. */
export class PostgresLogStore implements LogStore<PostgresCapabilities> {
  readonly capabilities: PostgresCapabilities
  readonly #database: Database
  readonly #changes: Changes
  readonly #listeners = new Listeners<[Change]>()
  readonly #topics: TopicTable
  readonly #records: RecordTable
  readonly #groups: GroupTable
  readonly #segments: Segments
  readonly #appender: Appender
  readonly #leases: LeaseKeeper | undefined
  #stopListening: (() => void) | undefined

  /** @param leases who renews leases beside the event loop, if anybody does. */
  constructor(
    database: Database,
    changes: Changes,
    capabilities: PostgresCapabilities,
    leases?: LeaseKeeper,
  ) {
    this.#leases = leases
    this.capabilities = capabilities
    this.#database = database
    this.#changes = changes
    this.#topics = new TopicTable(database)
    this.#records = new RecordTable(database, this.#topics)
    this.#groups = new GroupTable(database)
    this.#segments = new Segments(database)
    this.#appender = new Appender(database, this.#topics, ({ partitions, delayed }) => {
      if (partitions.size > 0) this.#tell({ kind: 'appended', partitions }, { partitions: [...partitions] })
      if (delayed) this.#tell({ kind: 'delayed' }, { delayed })
    })
  }

  createTopic(topic: TopicSettings): Promise<TopicSettings> {
    const created = this.#topics.create(topic)
    this.#appender.after(created)
    return created
  }

  topics(): Promise<readonly TopicSettings[]> {
    return this.#topics.all()
  }

  async append(records: readonly AppendRecord[], { tx }: { readonly tx: unknown }): Promise<void> {
    if (tx !== undefined) {
      throw capabilityMissing(
        this.capabilities.name,
        'callerTransaction',
        'a transaction of the caller would hold its partitions until it ends. Use bus.outbox(postgresOutbox(pool)), which commits with your rows.',
      )
    }
    await this.#appender.append(records)
  }

  async appendDue(): Promise<number | undefined> {
    const { schema, nowMs, clock } = this.#database
    const { groupCommitRecords, groupCommitBytes } = limits
    const row = only(
      await this.#database.query(
        `SELECT d.appended, d.next_due - now.ms AS wait,
           (SELECT array_agg(p.topic || '/' || p.partition) FROM ${schema}.topic_partition p
            WHERE p.slot = ANY (d.appended)) AS names
         FROM (SELECT ${time('$3')} AS ms) now, ${schema}.append_due($1, $2, now.ms) d`,
        [groupCommitRecords, groupCommitBytes, nowMs],
      ),
    )
    const names = row['names'] as readonly string[] | null
    if (names !== null) this.#tell({ kind: 'appended', partitions: new Set(names) }, { partitions: names })
    // By this process's own clock, which the server's may be ahead of or behind.
    return row['wait'] === null ? undefined : clock.now() + Number(row['wait'])
  }

  read(
    topic: string,
    partition: number,
    from: number,
    limit: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly StoredRecord[]> {
    return this.#records.read(topic, partition, from, limit)
  }

  bounds(topic: string): Promise<readonly PartitionBounds[]> {
    return this.#topics.bounds(topic)
  }

  async truncate(topic: string, partition: number, before: number): Promise<void> {
    await this.#records.truncate(topic, partition, before)
    await this.#segments.turn()
  }

  groups(): Promise<readonly string[]> {
    return this.#groups.names()
  }

  loadGroup(group: string): Promise<LoadedGroup> {
    return this.#groups.load(group)
  }

  saveGroup(
    group: string,
    state: GroupState,
    revision: number,
    granted: Parameters<LogStore['saveGroup']>[3],
  ): Promise<boolean> {
    return this.#telling(group, this.#groups.save(group, state, revision, granted))
  }

  keepLease(lease: Lease): KeptLease {
    return this.#leases?.keep(lease) ?? keptByLoop
  }

  commits(group: string): Promise<readonly StoredCommit[]> {
    return this.#groups.commits(group)
  }

  commit(group: string, commits: readonly StoredCommit[]): Promise<readonly boolean[]> {
    return this.#groups.commit(group, commits)
  }

  moveCommits(
    group: string,
    commits: readonly Omit<StoredCommit, 'generation'>[],
    revision: number,
    options: { readonly again: boolean },
  ): Promise<boolean> {
    return this.#telling(group, this.#groups.moveCommits(group, commits, revision, options))
  }

  forgetGroup(group: string, revision: number): Promise<boolean> {
    return this.#telling(group, this.#groups.forget(group, revision))
  }

  watch(changed: (change: Change) => void): () => void {
    const stop = this.#listeners.add(changed)
    this.#stopListening ??= this.#changes.watch((written) => {
      for (const change of changesOf(written)) this.#listeners.tell(change)
    })
    return () => {
      stop()
      if (this.#listeners.size > 0) return
      this.#stopListening?.()
      this.#stopListening = undefined
    }
  }

  async close(): Promise<void> {
    await this.#appender.settled()
    this.#listeners.clear()
    this.#stopListening?.()
    await this.#leases?.close()
  }

  async #telling(group: string, change: Promise<boolean>): Promise<boolean> {
    const changed = await change
    if (changed) this.#tell({ kind: 'group', group }, { groups: [group] })
    return changed
  }

  #tell(change: Change, written: Written): void {
    this.#listeners.tell(change)
    this.#changes.announce(written)
  }
}

/** What another process has written, as changes of the log. */
function changesOf(written: Written | undefined): readonly Change[] {
  if (written === undefined) return [{ kind: 'unknown' }]
  const { partitions = [], groups = [], delayed = false } = written
  const changes: Change[] = groups.map((group) => ({ kind: 'group', group }))
  if (partitions.length > 0) changes.push({ kind: 'appended', partitions: new Set(partitions) })
  if (delayed) changes.push({ kind: 'delayed' })
  return changes
}
