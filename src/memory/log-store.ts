import { type Clock, Listeners, TidingsError } from '../kernel/index.ts'
import {
  type AppendRecord,
  capabilityMissing,
  type Change,
  emptyGroup,
  type Fence,
  type GroupState,
  type KeptLease,
  keptByLoop,
  type LoadedGroup,
  type LogStore,
  type PartitionBounds,
  partitionName,
  type StoredCommit,
  type StoredRecord,
  type TopicSettings,
  vacated,
} from '../log/index.ts'
import { type MemoryCapabilities, memoryCapabilities } from './capabilities.ts'

interface Partition {
  begin: number
  bytes: number
  appendedAt: number
  records: (StoredRecord & { readonly encoded: string })[]
}

interface Group {
  readonly state: GroupState
  readonly revision: number
  readonly commits: Map<string, StoredCommit>
}

/** The reference LogStore: what a log is, without a disk. Everything is gone with the process. */
export class MemoryLogStore implements LogStore<MemoryCapabilities> {
  readonly capabilities: MemoryCapabilities = memoryCapabilities
  readonly #clock: Clock
  readonly #topics = new Map<string, TopicSettings>()
  readonly #partitions = new Map<string, Partition>()
  readonly #groups = new Map<string, Group>()
  readonly #listeners = new Listeners<[Change]>()
  #delayed: AppendRecord[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async createTopic(topic: TopicSettings): Promise<TopicSettings> {
    const partitions = this.#topics.get(topic.name)?.partitions ?? topic.partitions
    const stored = { ...topic, partitions }
    this.#topics.set(topic.name, stored)
    for (let partition = 0; partition < partitions; partition++) {
      const name = partitionName(topic.name, partition)
      if (!this.#partitions.has(name))
        this.#partitions.set(name, { begin: 0, bytes: 0, appendedAt: 0, records: [] })
    }
    return stored
  }

  async topics(): Promise<readonly TopicSettings[]> {
    return [...this.#topics.values()]
  }

  async append(records: readonly AppendRecord[], { tx }: { readonly tx: unknown }): Promise<void> {
    if (tx !== undefined) {
      throw capabilityMissing(
        this.capabilities.name,
        'callerTransaction',
        'it has no transactions. Publish without tx, or use sqlite.',
      )
    }
    for (const record of records) this.#partition(record.topic, record.partition)
    const nowMs = this.#clock.now()
    const due = records.filter((record) => (record.notBefore ?? 0) <= nowMs)
    for (const record of due) this.#store(record, nowMs)
    if (due.length < records.length) {
      this.#delayed.push(...records.filter((record) => (record.notBefore ?? 0) > nowMs))
      this.#listeners.tell({ kind: 'delayed' })
    }
    this.#emitAppended(due)
  }

  async appendDue(): Promise<number | undefined> {
    const nowMs = this.#clock.now()
    const due = this.#delayed
      .filter((record) => dueAt(record) <= nowMs)
      .toSorted((a, b) => dueAt(a) - dueAt(b))
    this.#delayed = this.#delayed.filter((record) => dueAt(record) > nowMs)
    for (const record of due) this.#store(record, nowMs)
    this.#emitAppended(due)
    return this.#delayed.length === 0 ? undefined : Math.min(...this.#delayed.map(dueAt))
  }

  async read(
    topic: string,
    partition: number,
    from: number,
    { maxRecords, maxBytes }: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly StoredRecord[]> {
    const { begin, records } = this.#partition(topic, partition)
    const start = Math.max(0, from - begin)
    let end = start
    let bytes = 0
    for (; end < records.length && end - start < maxRecords; end++) {
      bytes += records[end]?.encoded.length ?? 0
      if (end > start && bytes > maxBytes) break
    }
    return records.slice(start, end)
  }

  async bounds(topic: string): Promise<readonly PartitionBounds[]> {
    const partitions = this.#topics.get(topic)?.partitions ?? 0
    if (partitions === 0) this.#partition(topic, 0)
    return Array.from({ length: partitions }, (_, partition) => {
      const { begin, bytes, records } = this.#partition(topic, partition)
      return { topic, partition, begin, end: begin + records.length, bytes }
    })
  }

  async truncate(topic: string, partition: number, before: number): Promise<void> {
    const stored = this.#partition(topic, partition)
    const gone = stored.records.splice(0, Math.max(0, before - stored.begin))
    stored.begin += gone.length
    for (const record of gone) stored.bytes -= Buffer.byteLength(record.encoded)
  }

  async groups(): Promise<readonly string[]> {
    return [...this.#groups.keys()].toSorted()
  }

  async loadGroup(group: string): Promise<LoadedGroup> {
    const stored = this.#groups.get(group)
    return {
      state: stored?.state ?? emptyGroup,
      revision: stored?.revision ?? 0,
      leaseNowMs: this.#clock.monotonic(),
    }
  }

  async saveGroup(
    group: string,
    state: GroupState,
    revision: number,
    granted: Parameters<LogStore['saveGroup']>[3],
  ): Promise<boolean> {
    const commits = this.#replaceState(group, state, revision)
    if (commits === undefined) return false
    for (const grant of granted) {
      const name = partitionName(grant.topic, grant.partition)
      const commit = commits.get(name) ?? { ...grant, offset: neverCommitted, state: '' }
      commits.set(name, { ...commit, generation: grant.generation })
    }
    this.#listeners.tell({ kind: 'group', group })
    return true
  }

  /** All who use this store share its event loop: while that is blocked, nobody takes anything over. */
  keepLease(): KeptLease {
    return keptByLoop
  }

  async commits(group: string): Promise<readonly StoredCommit[]> {
    return [...(this.#groups.get(group)?.commits.values() ?? [])].filter(
      ({ offset }) => offset !== neverCommitted,
    )
  }

  async commit(group: string, commits: readonly StoredCommit[]): Promise<readonly boolean[]> {
    const stored = this.#groups.get(group)?.commits
    return commits.map((commit) => {
      const name = partitionName(commit.topic, commit.partition)
      const allowed = stored?.get(name)?.generation === commit.generation
      if (allowed) stored?.set(name, commit)
      return allowed
    })
  }

  async moveCommits(
    group: string,
    moved: readonly Omit<StoredCommit, 'generation'>[],
    revision: number,
    { again }: { readonly again: boolean },
  ): Promise<boolean> {
    const names = again ? moved.map(({ topic, partition }) => partitionName(topic, partition)) : []
    const state = vacated(this.#groups.get(group)?.state ?? emptyGroup, names)
    const commits = this.#replaceState(group, state, revision)
    if (commits === undefined) return false
    for (const commit of moved) {
      commits.set(partitionName(commit.topic, commit.partition), { ...commit, generation: state.generation })
    }
    this.#listeners.tell({ kind: 'group', group })
    return true
  }

  async forgetGroup(group: string, revision: number): Promise<boolean> {
    if (this.#groups.get(group)?.revision !== revision) return false
    this.#groups.delete(group)
    this.#listeners.tell({ kind: 'group', group })
    return true
  }

  /** The generation that may commit a partition, and write its dead letters; undefined where none was granted. */
  generationOf({ group, topic, partition }: Omit<Fence, 'generation'>): number | undefined {
    return this.#groups.get(group)?.commits.get(partitionName(topic, partition))?.generation
  }

  watch(changed: (change: Change) => void): () => void {
    return this.#listeners.add(changed)
  }

  async close(): Promise<void> {
    this.#listeners.clear()
  }

  #partition(topic: string, partition: number): Partition {
    const stored = this.#partitions.get(partitionName(topic, partition))
    if (stored !== undefined) return stored
    if (this.#topics.has(topic)) {
      throw new TidingsError('partition_missing', `Topic "${topic}" has no partition ${partition}.`)
    }
    throw new TidingsError(
      'topic_missing',
      `There is no topic "${topic}" in memory. Open a bus with it in the catalog first; that creates it.`,
    )
  }

  /** The group's commits, once its state is replaced; undefined when it is not at this revision any more. */
  #replaceState(group: string, state: GroupState, revision: number): Map<string, StoredCommit> | undefined {
    const stored = this.#groups.get(group)
    if ((stored?.revision ?? 0) !== revision) return undefined
    const commits = stored?.commits ?? new Map<string, StoredCommit>()
    this.#groups.set(group, { state, revision: revision + 1, commits })
    return commits
  }

  #store({ topic, partition, body }: AppendRecord, nowMs: number): void {
    const stored = this.#partition(topic, partition)
    stored.appendedAt = Math.max(stored.appendedAt, nowMs)
    stored.bytes += Buffer.byteLength(body)
    const offset = stored.begin + stored.records.length
    stored.records.push({ topic, partition, offset, appendedAt: stored.appendedAt, encoded: body })
  }

  #emitAppended(records: readonly AppendRecord[]): void {
    if (records.length === 0) return
    this.#listeners.tell({
      kind: 'appended',
      partitions: new Set(records.map((each) => partitionName(each.topic, each.partition))),
    })
  }
}

function dueAt(record: AppendRecord): number {
  return record.notBefore ?? 0
}

/** A partition that was granted but never committed. */
const neverCommitted = -1
