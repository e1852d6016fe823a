import { type Bus, type DeliveryReport, openBus, type Publisher, type PublishOptions } from '../bus/index.ts'
import {
  type Catalog,
  type EventDefinition,
  type EventSelector,
  type NewEvent,
  type Opened,
  type Topic,
  type TypesOf,
  type VersionedEvent,
  versionOf,
} from '../catalog/index.ts'
import type { DeadLetter } from '../dead-letter/index.ts'
import { type CloudEvent, decodeEvent } from '../event/index.ts'
import {
  type Duration,
  durationMs,
  durationText,
  listed,
  seededRandom,
  TidingsError,
} from '../kernel/index.ts'
import type { PartitionLag } from '../log/index.ts'
import { type MemoryCapabilities, memory } from '../memory/index.ts'
import { readTopics } from './read-topics.ts'
import { VirtualClock } from './virtual-clock.ts'

/** A group as the harness sees it: what `bus.group(…).on(…)` returns. */
export interface HarnessGroup {
  readonly name: string
  joined(): Promise<void>
}

export interface HarnessOptions<Topics extends readonly Topic[]> {
  readonly catalog: Catalog<Topics>
  /** The groups under test, with their handlers; they have joined when the harness is there. */
  readonly groups?:
    | ((bus: Bus<MemoryCapabilities, TypesOf<Catalog<Topics>>>) => readonly HarnessGroup[])
    | undefined
  /** The CloudEvents `source` of what is published. Default `/test`. */
  readonly source?: string | undefined
  /** Time as the bus sees it. Default: a clock of its own, at 2026-01-01T00:00:00Z. */
  readonly clock?: VirtualClock | undefined
  /** The most virtual time that `settled` runs. Default 1 h. */
  readonly settleWithin?: Duration | undefined
}

/**
 * Opens a bus for a test: on the memory engine, with time that only the test moves and the same randomness in every run.
 * @throws what `openBus` and joining the groups throw.
 */
export async function harness<const Topics extends readonly Topic[]>(
  options: HarnessOptions<Topics>,
): Promise<Harness<TypesOf<Catalog<Topics>>>> {
  const { catalog, groups = () => [], source = '/test', clock = new VirtualClock() } = options
  const settleWithinMs = durationMs(options.settleWithin ?? '1h')
  const reports: DeliveryReport[] = []
  const bus = await openBus({
    transport: memory({ clock }),
    source,
    catalog,
    clock,
    random: seededRandom(1),
    drainOn: false,
    report: (report) => reports.push(report),
  })
  const opened = new Harness({ bus, clock, catalog, groups: groups(bus), reports, settleWithinMs })
  await opened.joined()
  return opened
}

interface HarnessParts<Types extends string> {
  readonly bus: Bus<MemoryCapabilities, Types>
  readonly clock: VirtualClock
  readonly catalog: Catalog
  readonly groups: readonly HarnessGroup[]
  readonly reports: readonly DeliveryReport[]
  readonly settleWithinMs: number
}

/** A service under test: publish, let its groups catch up, look at what became of it. Dispose of it after the test. */
export class Harness<in Types extends string> implements Publisher<Types>, AsyncDisposable {
  declare readonly '~types'?: ((type: Types) => void) | undefined
  readonly bus: Bus<MemoryCapabilities, Types>
  readonly clock: VirtualClock
  /** What became of every delivery, in that order. */
  readonly reports: readonly DeliveryReport[]
  readonly #catalog: Catalog
  readonly #groups: readonly HarnessGroup[]
  readonly #settleWithinMs: number

  /** Use {@link harness}. */
  constructor({ bus, clock, catalog, groups, reports, settleWithinMs }: HarnessParts<Types>) {
    this.bus = bus
    this.clock = clock
    this.reports = reports
    this.#catalog = catalog
    this.#groups = groups
    this.#settleWithinMs = settleWithinMs
  }

  /** Fulfils when every group is there, so that it gets what is published from then on. */
  async joined(): Promise<void> {
    await Promise.all(this.#groups.map((group) => group.joined()))
  }

  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data> & Opened<Type, Types>,
    data: NoInfer<Data>,
    options: PublishOptions = {},
  ): Promise<void> {
    return this.bus.publish(definition, data, options)
  }

  publishAll(
    events: readonly NewEvent<Types>[],
    options: Pick<PublishOptions, 'notBefore'> = {},
  ): Promise<void> {
    return this.bus.publishAll(events, options)
  }

  /**
   * Moves time on until every group has caught up: with what was published, also through the outboxes of the bus, with what
   * its handlers published, and with all attempts. Events published with a later `notBefore` are not waited for: `advance` to them. A handler waits on the
   * harness's clock only; for what takes real time, such as a request, time runs out instead.
   * @throws `limit_exceeded` when that takes more virtual time than `settleWithin`.
   */
  async settled(): Promise<void> {
    const untilMs = this.clock.monotonic() + this.#settleWithinMs
    await this.clock.advance(0)
    while (!(await this.#isSettled())) {
      const leftMs = untilMs - this.clock.monotonic()
      if (leftMs <= 0) throw await this.#notSettled()
      await this.clock.advance(Math.min(this.clock.untilNextMs ?? leftMs, leftMs))
    }
  }

  /** Moves time, firing what is due on the way: `'1h'`. */
  async advance(duration: Duration): Promise<void> {
    await this.clock.advance(durationMs(duration))
  }

  /** Attempts that finished their event. */
  get handled(): readonly DeliveryReport[] {
    return this.reports.filter(({ outcome }) => outcome === 'handled')
  }

  /** Attempts that failed; the last one of an event has the outcome `dead-letter`. */
  get failed(): readonly DeliveryReport[] {
    return this.reports.filter(({ outcome }) => outcome === 'failed' || outcome === 'dead-letter')
  }

  /** Events that are dead letters now, at most `limits.deadLetterPage`. */
  async deadLetters(): Promise<readonly DeadLetter[]> {
    return (await this.bus.deadLetters.list({ states: ['dead'] })).entries
  }

  /** What is stored of these events, by the test and by handlers: partition by partition, in order. */
  async published<Selected extends VersionedEvent>(
    selector: EventSelector<Selected> & Opened<Selected['event']['type'], Types>,
  ): Promise<readonly Selected['event'][]> {
    const topics = new Set(selector.types.map((type) => this.#catalog.topicOf(type).name))
    const records = await readTopics(this.bus.admin, topics)
    const events = records.map(({ encoded }) => decodeEvent(encoded))
    const selected = events.filter(({ type }) => selector.types.includes(type))
    return Promise.all(selected.map(async (event) => (await decoded(selector, event)).event))
  }

  /** Stops the groups, moving time as far as that takes, and closes the bus. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closing = { over: false }
    const over = (): void => void (closing.over = true)
    const closed = this.bus.close()
    closed.then(over, over)
    await this.clock.advance(0)
    while (!closing.over && this.clock.untilNextMs !== undefined)
      await this.clock.advance(this.clock.untilNextMs)
    await closed
  }

  /** Caught up at one moment: while it looked, nothing was published. */
  async #isSettled(): Promise<boolean> {
    const before = await this.#lags()
    if (before.some(({ lag }) => lag > 0)) return false
    for (const group of this.#groups) {
      const kept = { group: group.name, states: ['set-aside', 'requested'] } as const
      if ((await this.bus.deadLetters.count(kept)) > 0) return false
    }
    if ((await this.#waiting()) > 0) return false
    return endsOf(before) === endsOf(await this.#lags())
  }

  /** Events that wait for the relay of an outbox. */
  async #waiting(): Promise<number> {
    const figures = await Promise.all(this.bus.outboxes.map((outbox) => outbox.figures()))
    return figures.reduce((sum, { pending }) => sum + pending, 0)
  }

  async #lags(): Promise<readonly PartitionLag[]> {
    const names = new Set(this.#groups.map(({ name }) => name))
    return (await this.bus.admin.lag()).filter(({ group }) => names.has(group))
  }

  async #notSettled(): Promise<TidingsError> {
    const behind = (await this.#lags()).filter(({ lag }) => lag > 0)
    const waiting = await this.#waiting()
    const names = new Set(behind.map(({ group, lag }) => `"${group}" (${lag} to go)`))
    if (waiting > 0) names.add(`the relay (${waiting} in outboxes)`)
    const last = this.reports.findLast(({ outcome }) => outcome !== 'handled')
    const why = last?.error === undefined ? '' : ` The last failure: ${last.error.message}`
    return new TidingsError(
      'limit_exceeded',
      `In ${durationText(this.#settleWithinMs)} of virtual time these have not caught up: ${listed(names)}. Do their handlers wait for something real, or publish without end?${why}`,
    )
  }
}

function endsOf(lags: readonly PartitionLag[]): number {
  return lags.reduce((sum, { end }) => sum + end, 0)
}

async function decoded<Selected extends VersionedEvent>(
  selector: EventSelector<Selected>,
  event: CloudEvent,
): Promise<Selected> {
  return selector.decode(event, versionOf(event, undefined))
}
