import type {
  DeliveryEntry,
  ErrorCount,
  HealthEntry,
  JournalGap,
  JournalPart,
  JournalPosition,
  JournalView,
  Newest,
} from '../journal/index.ts'
import { limits } from '../kernel/index.ts'

export interface MemoryJournalViewOptions {
  /** Deliveries that are kept, the newest. Default `limits.journalViewEntries`. */
  readonly entries?: number | undefined
}

/** A journal's newest deliveries in memory, found by trace, event, subject, correlation and group. */
export function memoryJournalView({
  entries = limits.journalViewEntries,
}: MemoryJournalViewOptions = {}): JournalView {
  return new MemoryJournalView(entries)
}

/** Each list is in the order in which entries came; whoever asks gets them by when they ended. */
type Index = Map<string, Set<DeliveryEntry>>

class MemoryJournalView implements JournalView {
  readonly #most: number
  readonly #kept = new Set<DeliveryEntry>()
  readonly #traces: Index = new Map()
  readonly #events: Index = new Map()
  readonly #subjects: Index = new Map()
  readonly #correlations: Index = new Map()
  readonly #groups: Index = new Map()
  readonly #errors = new Map<string, ErrorCount>()
  readonly #health = new Map<string, HealthEntry>()
  readonly #gaps: JournalGap[] = []
  readonly #position = new Map<number, number>()

  constructor(most: number) {
    this.#most = most
  }

  async add({ partition, next, deliveries, health, gaps }: JournalPart): Promise<void> {
    for (const delivery of deliveries) this.#keep(delivery)
    for (const each of health) this.#noteHealth(each)
    this.#gaps.push(...gaps)
    this.#gaps.splice(0, this.#gaps.length - limits.journalPage)
    this.#position.set(partition, next)
    for (const oldest of this.#kept) {
      if (this.#kept.size <= this.#most) break
      this.#forget(oldest)
    }
  }

  async position(): Promise<JournalPosition> {
    return new Map(this.#position)
  }

  async ofTrace(traceId: string, newest?: Newest): Promise<readonly DeliveryEntry[]> {
    return newestOf(this.#traces.get(traceId), newest)
  }

  async ofEvent(id: string, newest?: Newest): Promise<readonly DeliveryEntry[]> {
    return newestOf(this.#events.get(id), newest)
  }

  async ofSubject(subject: string, newest?: Newest): Promise<readonly DeliveryEntry[]> {
    return newestOf(this.#subjects.get(subject), newest)
  }

  async ofCorrelation(correlationId: string, newest?: Newest): Promise<readonly DeliveryEntry[]> {
    return newestOf(this.#correlations.get(correlationId), newest)
  }

  async ofGroup(group: string, newest?: Newest): Promise<readonly DeliveryEntry[]> {
    return newestOf(this.#groups.get(group), newest)
  }

  async errors({ limit = limits.journalPage }: Newest = {}): Promise<readonly ErrorCount[]> {
    return [...this.#errors.values()].toSorted((a, b) => b.lastAt - a.lastAt).slice(0, limit)
  }

  async health(): Promise<readonly HealthEntry[]> {
    return [...this.#health.values()]
  }

  async gaps({ limit = limits.journalPage }: Newest = {}): Promise<readonly JournalGap[]> {
    return this.#gaps.slice(-limit)
  }

  async close(): Promise<void> {}

  #keep(entry: DeliveryEntry): void {
    this.#kept.add(entry)
    for (const [index, name] of this.#placesOf(entry)) {
      const found = index.get(name)
      if (found === undefined) index.set(name, new Set([entry]))
      else found.add(entry)
    }
    this.#count(entry)
  }

  #forget(entry: DeliveryEntry): void {
    this.#kept.delete(entry)
    for (const [index, name] of this.#placesOf(entry)) {
      const found = index.get(name)
      found?.delete(entry)
      if (found?.size === 0) index.delete(name)
    }
  }

  #placesOf({ group, event }: DeliveryEntry): readonly (readonly [Index, string])[] {
    const { traceId, id, subject, correlationId } = event ?? {}
    const places = [
      [this.#groups, group],
      [this.#traces, traceId],
      [this.#events, id],
      [this.#subjects, subject],
      [this.#correlations, correlationId],
    ] as const
    return places.flatMap(([index, name]) => (name === undefined ? [] : [[index, name] as const]))
  }

  #count({ group, error, at }: DeliveryEntry): void {
    if (error === undefined) return
    const name = `${group} ${error.fingerprint}`
    const { count = 0, firstAt = at, lastAt = at } = this.#errors.get(name) ?? {}
    this.#errors.delete(name)
    this.#errors.set(name, {
      ...error,
      group,
      count: count + 1,
      firstAt: Math.min(firstAt, at),
      lastAt: Math.max(lastAt, at),
    })
    for (const oldest of this.#errors.keys()) {
      if (this.#errors.size <= limits.journalErrors) break
      this.#errors.delete(oldest)
    }
  }

  #noteHealth(entry: HealthEntry): void {
    const name = `${entry.group} ${entry.member}`
    this.#health.delete(name)
    this.#health.set(name, entry)
    for (const oldest of this.#health.keys()) {
      if (this.#health.size <= limits.journalMembers) break
      this.#health.delete(oldest)
    }
  }
}

function newestOf(
  entries: ReadonlySet<DeliveryEntry> = new Set(),
  { limit = limits.journalPage }: Newest = {},
): readonly DeliveryEntry[] {
  return [...entries].toSorted((a, b) => a.at - b.at || a.attempt - b.attempt).slice(-limit)
}
