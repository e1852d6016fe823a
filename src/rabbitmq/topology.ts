import { Listeners, limits, TidingsError } from '../kernel/index.ts'
import {
  capabilityMissing,
  type Change,
  emptyGroup,
  type GroupState,
  type KeptLease,
  keptByLoop,
  type LoadedGroup,
  type LogStore,
  partitionName,
  type PartitionBounds,
  type StoredCommit,
  type TopicSettings,
  vacated,
} from '../log/index.ts'
import type { Broker } from './broker.ts'
import { type RabbitmqCapabilities, rabbitmqCapabilities } from './capabilities.ts'
import { declareTopic, queueOf } from './queues.ts'
import { StreamLog } from './stream-log.ts'
import {
  type AttemptCounts,
  applied,
  emptyTopology,
  type InFlight,
  type KnownGroup,
  leasedAnew,
  readTopology,
  type Topology,
  type TopologyEntry,
  written,
} from './topology-state.ts'

export const topologyQueue = 'tidings.topology'

export interface TopologyStoreOptions {
  readonly broker: Broker
  /** Whether the stream is declared before something is written. */
  readonly create: boolean
  readonly queue?: string | undefined
  /** What the stream holds. */
  readonly maxBytes?: number | undefined
}

/**
 * Topics, partition counts, groups and who is in them: a stream queue that every process reads in the same order, so that
 * compare-and-set is a matter of what comes first. Of a LogStore it is the part that is not about records.
 */
export class TopologyStore implements LogStore<RabbitmqCapabilities> {
  readonly capabilities: RabbitmqCapabilities = rabbitmqCapabilities
  readonly #broker: Broker
  readonly #log: StreamLog
  /** Queues of a topic were declared again. */
  readonly remade: Listeners<[topic: string]> = new Listeners()
  readonly #listeners = new Listeners<[Change]>()
  #topology: Topology = emptyTopology
  /** What was read while the beginning of the stream was gone and no snapshot had come. */
  #early: { readonly offset: number; readonly entry: TopologyEntry }[] | undefined
  #next = -1
  readonly #snapshotBytes: number
  /** Read since the last snapshot. */
  #entries = 0
  #bytes = 0
  #writing = false

  constructor({
    broker,
    create,
    queue = topologyQueue,
    maxBytes = limits.rabbitmqTopologyBytes,
  }: TopologyStoreOptions) {
    this.#broker = broker
    // So that there is one in what the stream keeps.
    this.#snapshotBytes = maxBytes / 4
    this.#log = new StreamLog({
      broker,
      queue,
      create,
      maxBytes,
      read: (content, offset, own) => this.#read(content, offset, own),
      resumed: () => (this.#topology = leasedAnew(this.#topology, broker.clock.monotonic())),
    })
  }

  /** Fulfils when this process knows what others have written before the call. */
  refresh(staleMs = 0): Promise<void> {
    return this.#log.refresh(staleMs)
  }

  /** As it was last read. */
  topic(name: string): TopicSettings | undefined {
    return this.#topology.topics.get(name)
  }

  /** Groups that have queues of a topic, as last read. */
  groupsOf(topic: string): readonly string[] {
    return [...this.#topology.groups].filter(([, { queues }]) => queues.has(topic)).map(([name]) => name)
  }

  /** A group as last read. */
  group(name: string): KnownGroup | undefined {
    return this.#topology.groups.get(name)
  }

  async createTopic(topic: TopicSettings): Promise<TopicSettings> {
    await this.#broker.ask(`Declaring topic "${topic.name}"`, (channel) =>
      declareTopic(channel, { topic: topic.name, partitions: topic.partitions, groups: [] }),
    )
    await this.#append({ kind: 'topic', topic })
    return this.topic(topic.name) ?? topic
  }

  async topics(): Promise<readonly TopicSettings[]> {
    return [...this.#topology.topics.values()]
  }

  /** Declares the queues of a group for topics, and fulfils when whatever is published from then on reaches them. */
  async register(group: string, topics: readonly string[]): Promise<void> {
    await this.refresh()
    for (const name of topics) {
      const topic = this.topic(name)
      if (topic === undefined) throw topicMissing(name, [...this.#topology.topics.keys()])
      await this.#broker.ask(`Declaring the queues of group "${group}"`, (channel) =>
        declareTopic(channel, { topic: name, partitions: topic.partitions, groups: [group] }),
      )
      if (this.group(group)?.queues.has(name) !== true)
        await this.#append({ kind: 'queues', group, topic: name })
    }
  }

  /** Declares what topics and their groups need, where somebody has deleted it, and tells their members. */
  async restore(topics: ReadonlySet<string>): Promise<void> {
    for (const topic of topics) {
      const partitions = this.topic(topic)?.partitions ?? 0
      const groups = this.groupsOf(topic)
      await this.#broker.ask(`Declaring topic "${topic}"`, (channel) =>
        declareTopic(channel, { topic, partitions, groups }),
      )
      await this.#append({ kind: 'remade', topic })
    }
  }

  /** What a member has in hand, for whoever asks for the lag of its group. */
  report(group: string, member: string, inFlight: Readonly<Record<string, InFlight>>): Promise<void> {
    return this.#append({ kind: 'report', group, member, inFlight })
  }

  /** The attempts that were counted of suspect events of a partition. Fulfils when they are durable. */
  count(group: string, partition: string, attempts: AttemptCounts): Promise<void> {
    const entry: TopologyEntry = { kind: 'attempts', group, partition, attempts }
    return this.#log.record(Buffer.from(JSON.stringify(entry)))
  }

  /** A member has let go of partitions and has nothing of them in hand. Fulfils when that is durable. */
  letGo(group: string, partitions: readonly string[]): Promise<void> {
    return this.#append({ kind: 'letGo', group, partitions })
  }

  async bounds(name: string): Promise<readonly PartitionBounds[]> {
    const topic = this.topic(name)
    if (topic === undefined) throw topicMissing(name, [...this.#topology.topics.keys()])
    // Nothing can be read again: what is kept begins where it ends.
    const place = { topic: name, begin: 0, end: 0, bytes: 0 }
    return Array.from({ length: topic.partitions }, (_, partition) => ({ ...place, partition }))
  }

  async groups(): Promise<readonly string[]> {
    // A group whose queues are declared has not joined yet.
    return [...this.#topology.groups].filter(([, { revision }]) => revision > 0).map(([name]) => name)
  }

  async loadGroup(name: string): Promise<LoadedGroup> {
    const { state, revision } = this.group(name) ?? { state: emptyGroup, revision: 0 }
    return { state, revision, leaseNowMs: this.#broker.clock.monotonic() }
  }

  async saveGroup(group: string, state: GroupState, revision: number): Promise<boolean> {
    const before = this.group(group)?.state ?? emptyGroup
    const renewed = Object.entries(state.members)
      .filter(([id, { leaseUntilMs }]) => before.members[id]?.leaseUntilMs !== leaseUntilMs)
      .map(([id]) => id)
    const isBeat = withoutLeases(state) === withoutLeases(before)
    return this.#change({ kind: 'group', group, revision, renewed, ...(!isBeat && { state }) })
  }

  keepLease(): KeptLease {
    return keptByLoop
  }

  /** One for each partition that a group has a queue of, without a place: what is acknowledged is gone. */
  async commits(name: string): Promise<readonly StoredCommit[]> {
    const { queues = new Set<string>(), state = emptyGroup } = this.group(name) ?? {}
    return [...queues].flatMap((topic) =>
      Array.from({ length: this.topic(topic)?.partitions ?? 0 }, (_, partition) => {
        const generation = state.held[partitionName(topic, partition)]?.generation ?? 0
        return { topic, partition, generation, offset: 0, state: '' }
      }),
    )
  }

  /** To the end, the only place there is: what waits is dropped. */
  async moveCommits(
    group: string,
    moved: readonly Omit<StoredCommit, 'generation'>[],
    revision: number,
    { again }: { readonly again: boolean },
  ): Promise<boolean> {
    const names = again ? moved.map(({ topic, partition }) => partitionName(topic, partition)) : []
    const state = vacated(this.group(group)?.state ?? emptyGroup, names)
    if (!(await this.#change({ kind: 'group', group, revision, state, renewed: [] }))) return false
    await this.#broker.ask(`Moving group "${group}"`, async (channel) => {
      for (const { topic, partition } of moved) await channel.purgeQueue(queueOf(group, topic, partition))
    })
    return true
  }

  async forgetGroup(group: string, revision: number): Promise<boolean> {
    const commits = await this.commits(group)
    if (!(await this.#change({ kind: 'forget', group, revision }))) return false
    await this.#broker.ask(`Forgetting group "${group}"`, async (channel) => {
      for (const { topic, partition } of commits) await channel.deleteQueue(queueOf(group, topic, partition))
    })
    return true
  }

  watch(changed: (change: Change) => void): () => void {
    return this.#listeners.add(changed)
  }

  append(): Promise<never> {
    return Promise.reject(noLog())
  }

  appendDue(): Promise<never> {
    return Promise.reject(noLog())
  }

  read(): Promise<never> {
    return Promise.reject(noLog())
  }

  truncate(): Promise<never> {
    return Promise.reject(noLog())
  }

  commit(): Promise<never> {
    return Promise.reject(noLog())
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    this.remade.clear()
    this.#log.close()
  }

  /** Compare-and-set: true when the entry came before any other of its revision. */
  async #change(entry: TopologyEntry & { readonly group: string }): Promise<boolean> {
    let won = false
    const id = `${entry.kind} ${this.#changes++} ${this.#self}`
    this.#outcomes.set(id, (effective) => (won = effective))
    try {
      await this.#log.append(Buffer.from(JSON.stringify({ ...entry, id })))
      return won
    } finally {
      this.#outcomes.delete(id)
    }
  }

  #append(entry: TopologyEntry): Promise<void> {
    return this.#log.append(Buffer.from(JSON.stringify(entry)))
  }

  readonly #self = crypto.randomUUID()
  #changes = 0
  readonly #outcomes = new Map<string, (effective: boolean) => void>()

  #read(content: Buffer | undefined, offset: number, own: boolean): void {
    if (this.#next < 0 && offset > 0) this.#early = []
    this.#next = offset + 1
    if (content === undefined) return this.#count(0, own)
    const entry: TopologyEntry & { readonly id?: string } = JSON.parse(content.toString())
    if (entry.kind === 'snapshot') return this.#readSnapshot(entry)
    if (this.#early === undefined) this.#apply(entry)
    else this.#early.push({ offset, entry })
    this.#count(content.length, own)
  }

  /** The beginning of the stream is dropped sooner or later; a snapshot says again what it said. */
  #count(bytes: number, own: boolean): void {
    this.#entries += 1
    this.#bytes += bytes + envelopeBytes
    const isDue = this.#entries >= limits.rabbitmqSnapshotEntries || this.#bytes >= this.#snapshotBytes
    // One process writes it; when that fails, the next that writes anything.
    if (isDue && own && !this.#writing && this.#early === undefined) this.#writeSnapshot()
  }

  #apply(entry: TopologyEntry & { readonly id?: string }): void {
    if (entry.kind === 'remade') this.remade.tell(entry.topic)
    const before = this.#topology
    this.#topology = applied(before, entry, this.#broker.clock.monotonic())
    const effective = this.#topology !== before
    if (entry.id !== undefined) this.#outcomes.get(entry.id)?.(effective)
    if (effective && (entry.kind === 'group' || entry.kind === 'forget'))
      this.#listeners.tell({ kind: 'group', group: entry.group })
  }

  #writeSnapshot(): void {
    this.#writing = true
    const snapshot = { kind: 'snapshot', next: this.#next, topology: written(this.#topology) } as const
    const free = (): void => void (this.#writing = false)
    this.#append(snapshot).then(free, free)
  }

  #readSnapshot({ next, topology }: Extract<TopologyEntry, { readonly kind: 'snapshot' }>): void {
    this.#entries = 0
    this.#bytes = 0
    if (this.#early === undefined) return
    const late = this.#early.filter(({ offset }) => offset >= next)
    this.#early = undefined
    this.#topology = readTopology(topology, this.#broker.clock.monotonic())
    for (const { entry } of late) this.#apply(entry)
  }
}

/** What the stream keeps of an entry beside its content, about. */
const envelopeBytes = 128

function withoutLeases({ members, ...rest }: GroupState): string {
  const ids = Object.keys(members).toSorted()
  const kept = ids.map((id) => [id, { ...members[id], leaseUntilMs: 0 }])
  return JSON.stringify([rest, kept])
}

export function topicMissing(topic: string, known: readonly string[]): TidingsError {
  const others = known.length === 0 ? 'There is none yet.' : `There are: ${known.join(', ')}.`
  return new TidingsError('topic_missing', `There is no topic "${topic}". ${others}`)
}

function noLog(): TidingsError {
  return capabilityMissing(
    'rabbitmq',
    'replay from offset',
    'what was acknowledged is gone, so there is nothing to read again or to truncate. Use an engine with a log (sqlite, postgres, kafka) for that.',
  )
}
