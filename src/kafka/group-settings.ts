import { randomUUID } from 'node:crypto'
import { type Clock, limits, Listeners, type Timer } from '../kernel/index.ts'
import type { GroupPart, Rewind } from '../log/index.ts'
import type { Cluster } from './cluster.ts'
import { CompactedLog, writerOf } from './compacted-log.ts'
import type { Producer } from './producer.ts'

/** What Kafka does not keep of a group. */
export interface GroupSettings {
  readonly paused: readonly GroupPart[]
  readonly rewind: Rewind
  /** By partition name, of those that were sought `again`. */
  readonly runNumbers: Readonly<Record<string, number>>
  /** Added to Kafka's generations: those of a group that is created anew are above those of an earlier one. */
  readonly firstGeneration: number
}

/** The topic they are kept in, by group. */
export const settingsTopic = 'tidings.groups'

const noSettings: GroupSettings = { paused: [], rewind: 'refused', runNumbers: {}, firstGeneration: 0 }

/** The settings of all groups, in a compacted topic: of two changes at the same time the later one counts. */
export class GroupSettingsLog {
  readonly #log: CompactedLog
  readonly #clock: Clock
  readonly #settings = new Map<string, GroupSettings>()
  readonly #listeners = new Listeners<[string]>()
  readonly #writer = randomUUID()
  #timer: Timer | undefined
  #changing: Promise<unknown> = Promise.resolve()

  constructor(cluster: Cluster, producer: Producer) {
    this.#clock = cluster.clock
    this.#log = new CompactedLog(
      cluster,
      producer,
      settingsTopic,
      (_, record) => {
        const group = record.key?.toString() ?? ''
        if (record.value === null) this.#settings.delete(group)
        else this.#settings.set(group, { ...noSettings, ...(JSON.parse(record.value.toString()) as object) })
        if (writerOf(record) !== this.#writer) this.#listeners.tell(group)
      },
      () => this.#settings.clear(),
    )
  }

  /** As of the last `refresh`. */
  of(group: string): GroupSettings {
    return this.#settings.get(group) ?? noSettings
  }

  refresh(): Promise<void> {
    return this.#log.refresh()
  }

  /** Fulfils when the change is durable. */
  change(group: string, change: (settings: GroupSettings) => GroupSettings): Promise<void> {
    return this.#inTurn(async () => {
      await this.refresh()
      const before = this.#settings.get(group)
      const after = change(before ?? noSettings)
      if (after !== before) await this.#write(group, JSON.stringify(after))
    })
  }

  /** A member has joined a group. @param anew it is a new group, or one that Kafka knows no more. */
  enter(group: string, rewind: Rewind, anew: boolean): Promise<void> {
    return this.change(group, (settings) => {
      const begins = anew || settings.firstGeneration === 0
      if (!begins && settings.rewind === rewind) return settings
      // Generations of a new group begin at the wall clock: above those of an earlier one, which an inbox may remember.
      const firstGeneration = begins
        ? Math.max(this.#clock.now(), settings.firstGeneration + 1)
        : settings.firstGeneration
      return { ...settings, rewind, firstGeneration }
    })
  }

  forget(group: string): Promise<void> {
    return this.#inTurn(() => this.#write(group, undefined))
  }

  /** Calls back with the name of a group whose settings are others now, whoever changed them. Returns how to stop. */
  watch(changed: (group: string) => void): () => void {
    const stop = this.#listeners.add(changed)
    this.#lookLater()
    return stop
  }

  close(): void {
    this.#listeners.clear()
    this.#timer?.cancel()
  }

  #lookLater(): void {
    this.#timer ??= this.#clock.schedule(limits.kafkaLookMs, () => void this.#look(), { background: true })
  }

  /** What cannot be found out now is looked for again. */
  async #look(): Promise<void> {
    await this.refresh().catch(() => undefined)
    this.#timer = undefined
    if (this.#listeners.size > 0) this.#lookLater()
  }

  async #write(group: string, value: string | undefined): Promise<void> {
    await this.#log.append(0, [{ key: group, value, by: this.#writer }], async () => 1)
    await this.refresh()
    this.#listeners.tell(group)
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const running = this.#changing.then(run)
    this.#changing = running.catch(() => undefined)
    return running
  }
}
