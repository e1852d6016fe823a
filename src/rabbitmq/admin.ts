import { type Clock, limits, Listeners, type TidingsError } from '../kernel/index.ts'
import {
  capabilityMissing,
  type GroupInfo,
  type GroupPart,
  groupMissing,
  LogAdmin,
  type PartitionLag,
  placeName,
  type SeekOptions,
  type Start,
  type TopicSettings,
  type TransportAdmin,
} from '../log/index.ts'
import type { Waiting } from './backlog.ts'
import type { TopologyStore } from './topology.ts'

export interface AdminOptions {
  readonly topology: TopologyStore
  readonly clock: Clock
  /** What waits in the queues of a group. */
  readonly backlog: (group: string) => Promise<readonly Waiting[]>
}

/** The admin port over queues: groups and topics as every engine has them, and no record that could be read again. */
export class RabbitmqAdmin implements TransportAdmin {
  readonly #log: LogAdmin
  readonly #options: AdminOptions
  readonly #watchers = new Listeners()

  constructor(options: AdminOptions) {
    this.#options = options
    this.#log = new LogAdmin(options.topology, options.clock)
  }

  async topics(): ReturnType<TransportAdmin['topics']> {
    await this.#view()
    return this.#log.topics()
  }

  createTopic(topic: TopicSettings): Promise<TopicSettings> {
    return this.#log.createTopic(topic)
  }

  async groups(): Promise<readonly GroupInfo[]> {
    await this.#view()
    return this.#log.groups()
  }

  async lag(group?: string): Promise<readonly PartitionLag[]> {
    await this.#view()
    const names = await this.#options.topology.groups()
    if (group !== undefined && !names.includes(group)) throw groupMissing(group, names)
    const wanted = group === undefined ? names : [group]
    return (await Promise.all(wanted.map((name) => this.#lagOf(name)))).flat()
  }

  async seek(group: string, topic: string, to: Start, options: SeekOptions = {}): Promise<void> {
    if (to !== 'end') throw noPlace(to)
    await this.#view()
    await this.#log.seek(group, topic, to, options)
  }

  async pause(group: string, part?: GroupPart): Promise<void> {
    await this.#view()
    await this.#log.pause(group, part)
  }

  async resume(group: string, part?: GroupPart): Promise<void> {
    await this.#view()
    await this.#log.resume(group, part)
  }

  async forget(group: string): Promise<void> {
    await this.#view()
    await this.#log.forget(group)
  }

  read(): Promise<never> {
    return this.#options.topology.read()
  }

  async offsetOf(topic: string, partition: number, place: Start): Promise<number> {
    if (place !== 'end') throw noPlace(place)
    return this.#log.offsetOf(topic, partition, place)
  }

  truncate(): Promise<never> {
    return this.#options.topology.truncate()
  }

  /** Tells of what this process has published. */
  watch(changed: () => void): () => void {
    return this.#watchers.add(changed)
  }

  published(): void {
    this.#watchers.tell()
  }

  close(): void {
    this.#watchers.clear()
  }

  #view(): Promise<void> {
    return this.#options.topology.refresh(limits.rabbitmqViewMs)
  }

  async #lagOf(group: string): Promise<readonly PartitionLag[]> {
    const waiting = await this.#options.backlog(group)
    const nowMs = this.#options.clock.now()
    return waiting.map(({ topic, partition, ready, inFlight }) => {
      const lag = ready + inFlight.events
      const lagMs = inFlight.oldestAt === undefined ? 0 : Math.max(0, nowMs - inFlight.oldestAt)
      return { group, topic, partition, committed: 0, end: lag, lag, lagMs, resetRequired: false }
    })
  }
}

function noPlace(place: Start): TidingsError {
  return capabilityMissing(
    'rabbitmq',
    `replay from ${placeName(place)}`,
    "what was acknowledged is gone. Use an engine with a log (sqlite, postgres, kafka), or 'end'.",
  )
}
