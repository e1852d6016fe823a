import { type Clock, TidingsError } from '../kernel/index.ts'
import type { GroupInfo, PartitionBounds, PartitionLag, TopicSettings, TransportAdmin } from './admin.ts'
import type { Start } from './capabilities.ts'
import { partitionLag } from './lag.ts'
import type { LogStore, StoredCommit } from './log-store.ts'
import { offsetOfPlace } from './place.ts'
import type { StoredRecord } from './transport.ts'

/** The admin port over any LogStore. */
export class LogAdmin implements TransportAdmin {
  readonly #store: LogStore
  readonly #clock: Clock

  constructor(store: LogStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  async topics(): ReturnType<TransportAdmin['topics']> {
    const topics = await this.#store.topics()
    return Promise.all(
      topics.map(async (topic) => ({ ...topic, bounds: await this.#store.bounds(topic.name) })),
    )
  }

  createTopic(topic: TopicSettings): Promise<TopicSettings> {
    return this.#store.createTopic(topic)
  }

  async groups(): Promise<readonly GroupInfo[]> {
    const names = await this.#store.groups()
    return Promise.all(names.map((name) => this.#group(name)))
  }

  async lag(group?: string): Promise<readonly PartitionLag[]> {
    const names = await this.#store.groups()
    if (group !== undefined && !names.includes(group)) throw groupMissing(group, names)
    const wanted = group === undefined ? names : [group]
    return (await Promise.all(wanted.map((name) => this.#lagOf(name)))).flat()
  }

  async seek(group: string, topic: string, to: Start): Promise<void> {
    const { state, leaseNowMs } = await this.#store.loadGroup(group)
    const living = Object.entries(state.members).filter(([, member]) => member.leaseUntilMs > leaseNowMs)
    if (living.length > 0) {
      throw new TidingsError(
        'fenced',
        `Group "${group}" has ${living.length} living member(s), which would go on where they are. Stop them, then seek again.`,
      )
    }
    const moved = await Promise.all(
      (await this.#store.bounds(topic)).map(async (bounds) => ({
        topic,
        partition: bounds.partition,
        offset: await offsetOfPlace(this.#store, bounds, to),
        state: '',
      })),
    )
    await this.#store.moveCommits(group, moved)
  }

  read(
    topic: string,
    partition: number,
    from: number,
    limit: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly StoredRecord[]> {
    return this.#store.read(topic, partition, from, limit)
  }

  async offsetOf(topic: string, partition: number, place: Start): Promise<number> {
    const bounds = (await this.#store.bounds(topic)).find((each) => each.partition === partition)
    if (bounds === undefined) {
      throw new TidingsError(
        'partition_missing',
        `Topic "${topic}" has no partition ${partition}. \`tidings topics\` lists them.`,
      )
    }
    return offsetOfPlace(this.#store, bounds, place)
  }

  truncate(topic: string, partition: number, before: number): Promise<void> {
    return this.#store.truncate(topic, partition, before)
  }

  watch(changed: () => void): () => void {
    return this.#store.watch((change) => {
      if (change.kind === 'appended' || change.kind === 'unknown') changed()
    })
  }

  async #group(group: string): Promise<GroupInfo> {
    const { state, leaseNowMs } = await this.#store.loadGroup(group)
    const commits = await this.#store.commits(group)
    const held = Object.values(state.held)
    const members = Object.entries(state.members)
      .filter(([, member]) => member.leaseUntilMs > leaseNowMs)
      .map(([member]) => ({ member, partitions: held.filter((each) => each.member === member).length }))
    return { group, topics: [...new Set(commits.map((commit) => commit.topic))].toSorted(), members }
  }

  async #lagOf(group: string): Promise<PartitionLag[]> {
    const commits = (await this.#store.commits(group)).filter((commit) => commit.offset >= 0)
    const topics = [...new Set(commits.map((commit) => commit.topic))]
    const bounds = (await Promise.all(topics.map((topic) => this.#store.bounds(topic)))).flat()
    return Promise.all(bounds.map((each) => this.#lagAt(group, each, commits)))
  }

  async #lagAt(
    group: string,
    bounds: PartitionBounds,
    commits: readonly StoredCommit[],
  ): Promise<PartitionLag> {
    const { topic, partition, begin, end } = bounds
    const committed =
      commits.find((each) => each.topic === topic && each.partition === partition)?.offset ?? end
    const from = Math.max(committed, begin)
    const [oldest] =
      from < end ? await this.#store.read(topic, partition, from, { maxRecords: 1, maxBytes: 1 }) : []
    return partitionLag(group, bounds, committed, oldest?.appendedAt, this.#clock.now())
  }
}

/** The error for a group that has never joined. */
export function groupMissing(group: string, names: readonly string[]): TidingsError {
  const known = names.length === 0 ? 'No group has been here yet.' : `Known groups: ${names.join(', ')}.`
  return new TidingsError('group_missing', `There is no group "${group}". ${known}`)
}
