import type { Clock, Timer } from '../kernel/index.ts'
import { limits } from '../kernel/index.ts'
import type { PartitionBounds, TopicSettings } from './admin.ts'
import type { LogStore } from './log-store.ts'
import { offsetOfPlace } from './place.ts'
import { retainedFrom } from './retention.ts'

/** What every process with an open log does beside: appends delayed events when they are due, and applies retention. */
export class Housekeeping {
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #stopWatching: () => void
  #due: Timer | undefined
  #retention: Timer | undefined
  #closed = false

  constructor(store: LogStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
    this.#stopWatching = store.watch((change) => {
      if (change.kind === 'delayed' || change.kind === 'unknown') this.#appendDue()
    })
    this.#appendDue()
    this.#armRetention()
  }

  close(): void {
    this.#closed = true
    this.#stopWatching()
    this.#due?.cancel()
    this.#retention?.cancel()
  }

  #appendDue(): void {
    this.#store.appendDue().then(
      (nextMs) => this.#armDue(nextMs),
      // The engine is busy or gone for the moment; the events are safe where they are.
      () => this.#armDue(this.#clock.now() + limits.dueRetryMs),
    )
  }

  #armDue(nextMs: number | undefined): void {
    this.#due?.cancel()
    if (this.#closed || nextMs === undefined) return
    this.#due = this.#clock.schedule(nextMs - this.#clock.now(), () => this.#appendDue(), {
      background: true,
    })
  }

  #armRetention(): void {
    const again = (): void => {
      applyRetention(this.#store, this.#clock).then(
        () => this.#armRetention(),
        () => this.#armRetention(),
      )
    }
    if (!this.#closed)
      this.#retention = this.#clock.schedule(limits.retentionEveryMs, again, { background: true })
  }
}

/** Deletes what retention allows, in all topics. */
export async function applyRetention(store: LogStore, clock: Clock): Promise<void> {
  const topics = (await store.topics()).filter(
    ({ retention }) => retention.ageMs !== undefined || retention.bytes !== undefined,
  )
  if (topics.length === 0) return
  const commits = (await Promise.all((await store.groups()).map((group) => store.commits(group)))).flat()
  for (const topic of topics) {
    for (const bounds of await store.bounds(topic.name)) {
      const read = commits.filter((each) => each.topic === topic.name && each.partition === bounds.partition)
      const readByAll = Math.min(bounds.end, ...read.map((each) => each.offset))
      const from = await retainedFromOf(store, clock, topic, bounds, readByAll)
      if (from > bounds.begin) await store.truncate(topic.name, bounds.partition, from)
    }
  }
}

async function retainedFromOf(
  store: LogStore,
  clock: Clock,
  { retention, partitions }: TopicSettings,
  bounds: PartitionBounds,
  readByAll: number,
): Promise<number> {
  const younger = (ageMs: number | undefined): Promise<number> | number =>
    ageMs === undefined ? bounds.begin : offsetOfPlace(store, bounds, { time: new Date(clock.now() - ageMs) })
  return retainedFrom({
    bounds,
    retention,
    partitions,
    youngerThanAge: await younger(retention.ageMs),
    youngerThanTwiceAge: await younger(retention.ageMs === undefined ? undefined : 2 * retention.ageMs),
    readByAll,
  })
}
