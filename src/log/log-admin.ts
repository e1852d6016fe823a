import { type Clock, TidingsError } from '../kernel/index.ts'
import type {
  GroupInfo,
  PartitionBounds,
  PartitionLag,
  SeekOptions,
  TopicSettings,
  TransportAdmin,
} from './admin.ts'
import type { Start } from './capabilities.ts'
import { type GroupState, isLiving, type TopicShape } from './group.ts'
import { partitionLag } from './lag.ts'
import type { LoadedGroup, LogStore, StoredCommit } from './log-store.ts'
import { type GroupPart, withPaused, withResumed } from './pause.ts'
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

  async seek(
    group: string,
    topic: string,
    to: Start,
    { partition, force = false, again = false }: SeekOptions = {},
  ): Promise<void> {
    await this.#changeWithoutMembers(group, 'seek', async ({ state, revision }) => {
      const bounds =
        partition === undefined ? await this.#store.bounds(topic) : [await this.#boundsOf(topic, partition)]
      const moved = await Promise.all(
        bounds.map(async (each) => ({
          topic,
          partition: each.partition,
          offset: await offsetOfPlace(this.#store, each, to),
          state: '',
        })),
      )
      if (!force && state.rewind === 'refused') await this.#checkForward(group, moved)
      return this.#store.moveCommits(group, moved, revision, { again })
    })
  }

  async pause(group: string, part: GroupPart = {}): Promise<void> {
    await this.#checkPart(part)
    await this.#changePaused(group, 'pause', async ({ state }) => withPaused(state.paused, part))
  }

  async resume(group: string, part: GroupPart = {}): Promise<void> {
    await this.#checkPart(part)
    await this.#changePaused(group, 'resume', async ({ state }) =>
      withResumed(state.paused, part, await this.#topicsOf(group, state)),
    )
  }

  forget(group: string): Promise<void> {
    return this.#changeWithoutMembers(group, 'forget', ({ revision }) =>
      this.#store.forgetGroup(group, revision),
    )
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
    return offsetOfPlace(this.#store, await this.#boundsOf(topic, partition), place)
  }

  truncate(topic: string, partition: number, before: number): Promise<void> {
    return this.#store.truncate(topic, partition, before)
  }

  watch(changed: () => void): () => void {
    return this.#store.watch((change) => {
      if (change.kind === 'appended' || change.kind === 'unknown') changed()
    })
  }

  /** Changes a group that nobody is in. @throws `fenced` while somebody is. */
  #changeWithoutMembers(
    group: string,
    verb: string,
    change: (loaded: LoadedGroup) => Promise<boolean>,
  ): Promise<void> {
    return this.#change(group, verb, (loaded) => {
      checkNobodyIn(group, loaded, verb)
      return change(loaded)
    })
  }

  /** Members may live: what they save meanwhile and this are one after the other. */
  #changePaused(
    group: string,
    verb: string,
    change: (loaded: LoadedGroup) => Promise<readonly GroupPart[]>,
  ): Promise<void> {
    return this.#change(group, verb, async (loaded) => {
      const { state, revision } = loaded
      const paused = await change(loaded)
      return paused === state.paused || this.#store.saveGroup(group, { ...state, paused }, revision, [])
    })
  }

  /**
   * Changes a group, again while others change it meanwhile.
   * @param change false when the group is not at the revision any more.
   * @throws `group_missing`
   */
  async #change(
    group: string,
    verb: string,
    change: (loaded: LoadedGroup) => Promise<boolean>,
  ): Promise<void> {
    for (let attempt = 1; attempt <= changeAttempts; attempt++) {
      const loaded = await this.#store.loadGroup(group)
      if (loaded.revision === 0) throw groupMissing(group, await this.#store.groups())
      if (await change(loaded)) return
    }
    throw new TidingsError(
      'engine_busy',
      `Group "${group}" changed ${changeAttempts} times meanwhile. Stop whoever else changes it, then ${verb} again.`,
    )
  }

  /** @throws `rewind_refused` when one of these places is before the one that is committed. */
  async #checkForward(
    group: string,
    moved: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[],
  ): Promise<void> {
    const commits = await this.#store.commits(group)
    const goesBack = moved.some(({ topic, partition, offset }) =>
      commits.some((each) => each.topic === topic && each.partition === partition && offset < each.offset),
    )
    if (goesBack) throw rewindRefused(group)
  }

  /** @throws `topic_missing`, `partition_missing`, and `option_invalid` for a partition of no topic. */
  async #checkPart({ topic, partition }: GroupPart): Promise<void> {
    if (topic === undefined && partition !== undefined)
      throw new TidingsError('option_invalid', `Partition ${partition} is of one topic: name it, too.`)
    if (topic !== undefined && partition === undefined) await this.#store.bounds(topic)
    if (topic !== undefined && partition !== undefined) await this.#boundsOf(topic, partition)
  }

  /** The topics that a group has read or its members consume. */
  async #topicsOf(group: string, { members }: GroupState): Promise<readonly TopicShape[]> {
    const read = (await this.#store.commits(group)).map((commit) => commit.topic)
    const names = new Set([...read, ...Object.values(members).flatMap((member) => member.topics)])
    return (await this.#store.topics()).filter(({ name }) => names.has(name))
  }

  async #boundsOf(topic: string, partition: number): Promise<PartitionBounds> {
    const bounds = (await this.#store.bounds(topic)).find((each) => each.partition === partition)
    if (bounds !== undefined) return bounds
    throw new TidingsError(
      'partition_missing',
      `Topic "${topic}" has no partition ${partition}. \`tidings topics\` lists them.`,
    )
  }

  async #group(group: string): Promise<GroupInfo> {
    const { state, leaseNowMs } = await this.#store.loadGroup(group)
    const commits = await this.#store.commits(group)
    const members = Object.entries(state.members)
      .filter(([, member]) => isLiving(member, leaseNowMs))
      .map(([member]) => ({ member, partitions: heldBy(member, state) }))
    const topics = [...new Set(commits.map((commit) => commit.topic))].toSorted()
    return { group, topics, members, paused: state.paused, rewind: state.rewind }
  }

  async #lagOf(group: string): Promise<PartitionLag[]> {
    const commits = await this.#store.commits(group)
    const topics = [...new Set(commits.map((commit) => commit.topic))]
    const bounds = (await Promise.all(topics.map((topic) => this.#store.bounds(topic)))).flat()
    const lags = bounds.map((each) => {
      const isThere = ({ topic, partition }: StoredCommit): boolean =>
        topic === each.topic && partition === each.partition
      const commit = commits.find(isThere)
      return commit === undefined ? [] : [this.#lagAt(group, each, commit.offset)]
    })
    return Promise.all(lags.flat())
  }

  async #lagAt(group: string, bounds: PartitionBounds, committed: number): Promise<PartitionLag> {
    const { topic, partition, begin, end } = bounds
    const from = Math.max(committed, begin)
    const [oldest] =
      from < end ? await this.#store.read(topic, partition, from, { maxRecords: 1, maxBytes: 1 }) : []
    return partitionLag(group, bounds, committed, oldest?.appendedAt, this.#clock.now())
  }
}

function checkNobodyIn(group: string, { state, leaseNowMs }: LoadedGroup, verb: string): void {
  const living = Object.values(state.members).filter((member) => isLiving(member, leaseNowMs))
  if (living.length === 0) return
  throw new TidingsError(
    'fenced',
    `Group "${group}" has ${living.length} living member(s), which would go on where they are. Stop them, then ${verb} again.`,
  )
}

function heldBy(member: string, { held }: GroupState): GroupInfo['members'][number]['partitions'] {
  return Object.values(held)
    .filter((each) => each.member === member)
    .map(({ topic, partition }) => ({ topic, partition }))
}

/** How often a race with somebody else who changes the group is run again before it is an error. */
const changeAttempts = 100

/** The error for a group that has never joined. */
export function groupMissing(group: string, names: readonly string[]): TidingsError {
  const known = names.length === 0 ? 'No group has been here yet.' : `Known groups: ${names.join(', ')}.`
  return new TidingsError('group_missing', `There is no group "${group}". ${known}`)
}

/** The error for moving a group back that refuses it. */
export function rewindRefused(group: string): TidingsError {
  return new TidingsError(
    'rewind_refused',
    `Group "${group}" refuses to be moved back: what it has sent out once would be sent again. Nothing was moved. Use force (--force) if that may happen, or declare the group with rewind: 'allowed'.`,
  )
}
