import { limits, Listeners, TidingsError, type Timer } from '../kernel/index.ts'
import {
  type GroupInfo,
  type GroupPart,
  groupMissing,
  isPaused,
  partitionLag,
  type PartitionLag,
  partitionName,
  rewindRefused,
  type SeekOptions,
  type Start,
  type StoredRecord,
  type TopicSettings,
  type TransportAdmin,
  withPaused,
  withResumed,
} from '../log/index.ts'
import { broker, brokerError } from './broker-errors.ts'
import type { Cluster } from './cluster.ts'
import { isDeadLetterTopic } from './dead-letter-topic.ts'
import { fetchFrom } from './fetch.ts'
import { type GroupSettingsLog, settingsTopic } from './group-settings.ts'
import { describeGroups } from './groups.ts'
import { commitOffsets, committedOffsets, nobody, offsetsAt, type Place } from './offsets.ts'
import { fitting } from './owned-partition.ts'
import { placesOfStart } from './places.ts'
import type { RecordDecoder } from './record-decoder.ts'
import { requests } from './requests.ts'
import {
  alterTopic,
  boundsOf,
  createTopics,
  describeTopics,
  eventTopicConfigs,
  retentionConfigs,
} from './topics.ts'

export interface KafkaAdminOptions {
  readonly cluster: Cluster
  readonly settings: GroupSettingsLog
  readonly decoder: RecordDecoder
}

/** The admin port over Kafka's own requests. */
export class KafkaAdmin implements TransportAdmin {
  readonly #cluster: Cluster
  readonly #settings: GroupSettingsLog
  readonly #decoder: RecordDecoder
  readonly #watchers = new Listeners()
  #timer: Timer | undefined
  #ends = ''

  constructor({ cluster, settings, decoder }: KafkaAdminOptions) {
    this.#cluster = cluster
    this.#settings = settings
    this.#decoder = decoder
  }

  async topics(): ReturnType<TransportAdmin['topics']> {
    const found = await this.#cluster.patiently(() => this.#cluster.refresh(null))
    const topics = found.filter(({ name }) => name !== settingsTopic && !isDeadLetterTopic(name))
    const names = topics.map(({ name }) => name)
    const [bounds, configs] = await Promise.all([
      boundsOf(this.#cluster, topics),
      describeTopics(this.#cluster, names, ['retention.ms', 'retention.bytes']),
    ])
    const byTopic = Map.groupBy(bounds, ({ topic }) => topic)
    return topics.map(({ name, leaders }) => {
      const limit = (key: string): number | undefined => {
        const value = Number(configs.get(name)?.get(key) ?? -1)
        return value < 0 ? undefined : value
      }
      const share = limit('retention.bytes')
      const retention = { ageMs: limit('retention.ms'), bytes: share && share * leaders.length }
      return { name, partitions: leaders.length, retention, bounds: byTopic.get(name) ?? [] }
    })
  }

  async createTopic(topic: TopicSettings): Promise<TopicSettings> {
    const { name, partitions, retention } = topic
    const [known] = await this.#cluster.patiently(() => this.#cluster.refresh([name]))
    if (known === undefined) {
      const made = { name, partitions, configs: eventTopicConfigs(topic) }
      await createTopics(this.#cluster, [made])
    }
    const { leaders } = await this.#cluster.topic(name)
    if (known !== undefined) {
      const wanted = retentionConfigs(retention, leaders.length)
      const configs = (await describeTopics(this.#cluster, [name], Object.keys(wanted))).get(name)
      // Who may not read them has no say in them: others keep the topic.
      const found = configs ?? new Map(Object.entries(wanted))
      const differs = Object.entries(wanted).some(([key, value]) => found.get(key) !== value)
      if (differs) await alterTopic(this.#cluster, name, wanted)
    }
    return { ...topic, partitions: leaders.length }
  }

  async groups(): Promise<readonly GroupInfo[]> {
    await this.#settings.refresh()
    const described = await describeGroups(this.#cluster)
    return Promise.all(
      [...described].map(async ([group, members]) => {
        const { paused, rewind } = this.#settings.of(group)
        const commits = await committedOffsets(this.#cluster, group)
        const topics = [...commits.map(({ topic }) => topic), ...members.flatMap((member) => member.topics)]
        return {
          group,
          topics: [...new Set(topics)].toSorted(),
          members: members.map(({ member, partitions }) => ({
            member,
            partitions: partitions.filter(({ topic, partition }) => !isPaused(paused, topic, partition)),
          })),
          paused,
          rewind,
        }
      }),
    )
  }

  async lag(group?: string): Promise<readonly PartitionLag[]> {
    // Who waits for a group asks often, and there may be many others.
    const lags = group === undefined ? [] : await this.#lagOf(group)
    if (lags.length > 0) return lags
    const names = [...(await describeGroups(this.#cluster)).keys()]
    if (group === undefined) return (await Promise.all(names.map((name) => this.#lagOf(name)))).flat()
    if (!names.includes(group)) throw groupMissing(group, names)
    return []
  }

  async seek(
    group: string,
    topic: string,
    to: Start,
    { partition, force = false, again = false }: SeekOptions = {},
  ): Promise<void> {
    await this.#checkNobodyIn(group, 'seek')
    const { leaders } = await this.#cluster.topic(topic)
    if (partition !== undefined) await this.#place(topic, partition)
    const places = leaders
      .map((_, index) => ({ topic, partition: index }))
      .filter((place) => partition === undefined || place.partition === partition)
    const offsets = await placesOfStart(this.#cluster, places, to)
    const moved = places.map((place, index) => ({ ...place, offset: offsets[index] ?? 0, state: '' }))
    await this.#settings.refresh()
    if (!force && this.#settings.of(group).rewind === 'refused') await this.#checkForward(group, moved)
    if (again) await this.#raiseRunNumbers(group, places)
    const codes = await commitOffsets(this.#cluster, group, nobody, moved)
    const code = codes.find((each) => each !== broker.ok)
    if (code === undefined) return
    if (code === broker.unknownMember || code === broker.illegalGeneration) throw somebodyIn(group, 'seek')
    throw brokerError(code, `Moving group "${group}"`)
  }

  async pause(group: string, part: GroupPart = {}): Promise<void> {
    await this.#checkPart(group, part)
    await this.#settings.change(group, (settings) => {
      const paused = withPaused(settings.paused, part)
      return paused === settings.paused ? settings : { ...settings, paused }
    })
  }

  async resume(group: string, part: GroupPart = {}): Promise<void> {
    await this.#checkPart(group, part)
    const shapes = await this.#shapesOf(group)
    await this.#settings.change(group, (settings) => {
      const paused = withResumed(settings.paused, part, shapes)
      return paused === settings.paused ? settings : { ...settings, paused }
    })
  }

  async forget(group: string): Promise<void> {
    await this.#checkNobodyIn(group, 'forget')
    const answer = await this.#cluster.askCoordinator(
      group,
      requests.deleteGroups,
      [[group]],
      ({ results }) => results[0]?.errorCode ?? broker.ok,
    )
    const code = answer.results[0]?.errorCode ?? broker.ok
    if (code === broker.nonEmptyGroup) throw somebodyIn(group, 'forget')
    if (code !== broker.ok && code !== broker.groupNotFound)
      throw brokerError(code, `Forgetting group "${group}"`)
    await this.#settings.forget(group)
  }

  async read(
    topic: string,
    partition: number,
    from: number,
    { maxRecords, maxBytes }: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly StoredRecord[]> {
    const place = await this.#place(topic, partition)
    const [begin = 0] = await offsetsAt(this.#cluster, [{ ...place, at: 'start' }])
    const [end = 0] = await offsetsAt(this.#cluster, [{ ...place, at: 'end' }])
    const all: StoredRecord[] = []
    for (let offset = Math.max(from, begin); offset < end; ) {
      const { records, next } = await this.#fetch({ ...place, offset }, maxBytes)
      all.push(...(await this.#decoder.stored(topic, partition, records)))
      const fits = fitting(all, maxRecords, maxBytes)
      if (fits < all.length || fits === maxRecords) return all.slice(0, fits)
      // Nothing before the end: what was there is compacted away.
      offset = next === offset ? end : next
    }
    return all
  }

  async offsetOf(topic: string, partition: number, place: Start): Promise<number> {
    const [offset] = await placesOfStart(this.#cluster, [await this.#place(topic, partition)], place)
    return offset ?? 0
  }

  async truncate(topic: string, partition: number, before: number): Promise<void> {
    const place = await this.#place(topic, partition)
    const [end = 0] = await offsetsAt(this.#cluster, [{ ...place, at: 'end' }])
    const offset = BigInt(Math.min(before, end))
    await this.#cluster.patiently(async () => {
      const node = (await this.#cluster.topic(topic)).leaders[partition] ?? -1
      const topics = [{ name: topic, partitions: [{ partitionIndex: partition, offset }] }]
      const answer = await this.#cluster.ask({ node }, requests.deleteRecords, [
        topics,
        limits.kafkaRequestTimeoutMs,
      ])
      const code = answer.topics[0]?.partitions[0]?.errorCode ?? broker.ok
      // Nothing lies before it any more.
      if (code === broker.ok || code === broker.offsetOutOfRange) return
      this.#cluster.forget(topic)
      throw brokerError(code, `Deleting records of topic "${topic}"`)
    })
  }

  watch(changed: () => void): () => void {
    const stop = this.#watchers.add(changed)
    this.#lookLater()
    return () => {
      stop()
      if (this.#watchers.size === 0) this.close()
    }
  }

  /** Something was published by this process. */
  appended(): void {
    this.#watchers.tell()
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #lookLater(): void {
    this.#timer ??= this.#cluster.clock.schedule(limits.kafkaLookMs, () => void this.#look(), {
      background: true,
    })
  }

  /** Whether another process has appended something. What cannot be found out now is looked for again. */
  async #look(): Promise<void> {
    const before = this.#ends
    const bounds = await this.#allEnds().catch(() => before)
    this.#timer = undefined
    if (this.#watchers.size === 0 || this.#cluster.closed) return
    this.#ends = bounds
    if (before !== '' && before !== bounds) this.#watchers.tell()
    this.#lookLater()
  }

  async #allEnds(): Promise<string> {
    const topics = (await this.#cluster.refresh(null)).filter(({ name }) => !isDeadLetterTopic(name))
    const places = topics.flatMap(({ name, leaders }) =>
      leaders.map((_, partition) => ({ topic: name, partition, at: 'end' as const })),
    )
    const ends = await offsetsAt(this.#cluster, places)
    return places.map(({ topic, partition }, index) => `${topic}/${partition}=${ends[index]}`).join(' ')
  }

  async #fetch(
    place: Place & { readonly offset: number },
    maxBytes: number,
  ): Promise<{ readonly records: Parameters<RecordDecoder['stored']>[2]; readonly next: number }> {
    return this.#cluster.patiently(async () => {
      const leader = (await this.#cluster.topic(place.topic)).leaders[place.partition] ?? -1
      const bounds = {
        maxWaitMs: limits.kafkaFetchWaitMs,
        maxBytes: Math.min(maxBytes, limits.kafkaFetchBytes),
      }
      const [fetched] = await fetchFrom(this.#cluster, leader, [place], bounds)
      if (fetched?.code === broker.ok) return fetched
      this.#cluster.forget(place.topic)
      throw brokerError(fetched?.code ?? broker.requestTimedOut, `Reading topic "${place.topic}"`)
    })
  }

  /** @throws `topic_missing`, `partition_missing`. */
  async #place(topic: string, partition: number): Promise<Place> {
    const { leaders } = await this.#cluster.topic(topic)
    if (leaders[partition] !== undefined) return { topic, partition }
    throw new TidingsError('partition_missing', `Topic "${topic}" has no partition ${partition}.`)
  }

  async #checkPart(group: string, { topic, partition }: GroupPart): Promise<void> {
    if (topic === undefined && partition !== undefined) {
      throw new TidingsError(
        'option_invalid',
        `Partition ${partition} of which topic? Name the topic, or leave the partition out.`,
      )
    }
    if (topic !== undefined) await this.#place(topic, partition ?? 0)
    const names = [...(await describeGroups(this.#cluster)).keys()]
    if (!names.includes(group)) throw groupMissing(group, names)
  }

  async #checkNobodyIn(group: string, verb: string): Promise<void> {
    const described = await describeGroups(this.#cluster)
    const members = described.get(group)
    if (members === undefined) throw groupMissing(group, [...described.keys()])
    if (members.length > 0) throw somebodyIn(group, verb, members.length)
  }

  async #checkForward(group: string, moved: readonly (Place & { readonly offset: number })[]): Promise<void> {
    const commits = await committedOffsets(this.#cluster, group)
    const isBack = moved.some(({ topic, partition, offset }) =>
      commits.some((each) => each.topic === topic && each.partition === partition && offset < each.offset),
    )
    if (isBack) throw rewindRefused(group)
  }

  #raiseRunNumbers(group: string, places: readonly Place[]): Promise<void> {
    const names = places.map(({ topic, partition }) => partitionName(topic, partition))
    return this.#settings.change(group, (settings) => {
      // Greater than any before, also of an earlier group of the name, which an inbox may remember.
      const runNumber = Math.max(
        this.#cluster.clock.now(),
        1 + Math.max(0, ...Object.values(settings.runNumbers)),
      )
      const raised = Object.fromEntries(names.map((name) => [name, runNumber]))
      return { ...settings, runNumbers: { ...settings.runNumbers, ...raised } }
    })
  }

  async #shapesOf(group: string): Promise<readonly { readonly name: string; readonly partitions: number }[]> {
    const topics = (await this.groups()).find((each) => each.group === group)?.topics ?? []
    const found = await this.#cluster.patiently(() => this.#cluster.refresh(topics))
    return found.map(({ name, leaders }) => ({ name, partitions: leaders.length }))
  }

  async #lagOf(group: string): Promise<readonly PartitionLag[]> {
    const commits = await committedOffsets(this.#cluster, group)
    const names = [...new Set(commits.map(({ topic }) => topic))]
    const found = await this.#cluster.patiently(() => this.#cluster.refresh(names))
    const there = new Set(found.map(({ name }) => name))
    const places = commits.filter(({ topic }) => there.has(topic))
    const [begins, ends] = await Promise.all([
      offsetsAt(
        this.#cluster,
        places.map((place) => ({ ...place, at: 'start' as const })),
      ),
      offsetsAt(
        this.#cluster,
        places.map((place) => ({ ...place, at: 'end' as const })),
      ),
    ])
    return Promise.all(
      places.map(async ({ topic, partition, offset }, index) => {
        const bounds = { topic, partition, begin: begins[index] ?? 0, end: ends[index] ?? 0, bytes: 0 }
        const oldest = await this.#stampOf({ topic, partition }, Math.max(offset, bounds.begin), bounds.end)
        return partitionLag(group, bounds, offset, oldest, this.#cluster.clock.now())
      }),
    )
  }

  /** When the first record between two offsets was appended; undefined where compaction has left none. */
  async #stampOf(place: Place, from: number, end: number): Promise<number | undefined> {
    for (let offset = from; offset < end; ) {
      const { records, next } = await this.#fetch({ ...place, offset }, 1)
      const [first] = records
      if (first !== undefined || next === offset) return first?.timestamp
      offset = next
    }
    return undefined
  }
}

function somebodyIn(group: string, verb: string, count?: number): TidingsError {
  return new TidingsError(
    'fenced',
    `Group "${group}" has ${count ?? 'at least 1'} living member(s), which would go on where they are. Stop them, then ${verb} again.`,
  )
}
