import type { Catalog, EventSelector, Opened, VersionedEvent } from '../catalog/index.ts'
import { type Clock, type OneAtATime, type Random, sleep, TidingsError } from '../kernel/index.ts'
import type { Capabilities, PartitionBounds } from '../log/index.ts'
import type { Tracing } from '../tracing/index.ts'
import { type BatchOptions, batchPolicy } from './batch-options.ts'
import { checkHandler } from './check-handler.ts'
import { Consumer, type ConsumerOptions } from './consumer.ts'
import type {
  BatchDelivery,
  BatchDeliveryOf,
  BatchOf,
  Delivery,
  DeliveryOf,
  TransactionalBatch,
} from './delivery.ts'
import type { Engine } from './engine.ts'
import { type GroupOptions, type GroupPolicy, groupPolicy } from './group-options.ts'
import type { AttemptContext } from './handler-run.ts'
import { type Handling, Handlers } from './handlers.ts'
import { pruneInbox } from './inbox-pruning.ts'
import type { BusJournal } from './journal.ts'
import { memberId } from './member-id.ts'
import type { EngineOutages } from './outage.ts'
import type { Report } from './report.ts'

export interface GroupContext {
  readonly engine: Engine
  readonly catalog: Catalog
  readonly clock: Clock
  readonly random: Random
  readonly culprits: OneAtATime
  readonly engineOutages: EngineOutages
  readonly report: Report
  readonly tracing: Tracing
  readonly journal: BusJournal | undefined
  /** The group runs from now on: the bus stops it when it closes or the process is asked to end. */
  readonly started: (group: { readonly name: string; stop(): Promise<void> }) => void
  readonly ended: (group: { readonly name: string; stop(): Promise<void> }) => void
}

/** One member of a consumer group: its handlers, and running them. */
export class Group<Types extends string, Transact = never> {
  readonly name: string
  readonly member: string
  readonly #context: GroupContext
  readonly #policy: GroupPolicy
  readonly #handlers: Handlers
  readonly #attempts: AttemptContext
  #consumer: Consumer | undefined
  #running: Promise<void> | undefined
  #joined: Promise<void> | undefined
  #ended = false

  constructor(name: string, options: GroupOptions<Capabilities, Transact>, context: GroupContext) {
    this.name = name
    this.member = options.member ?? memberId(context.random)
    this.#context = context
    this.#policy = groupPolicy(options, context.engine.capabilities)
    this.#handlers = new Handlers(name)
    const { assumeVersion } = this.#policy
    const { engineOutages, tracing } = context
    this.#attempts = { group: name, inbox: options.inbox, engineOutages, assumeVersion, tracing }
  }

  /**
   * Handles the events a selector names: a definition (in its newest version), `definition.versions` (each as it was
   * written), or a topic. What the handler returns is awaited: fulfilled, the event is finished; rejected, it is
   * attempted again, and becomes a dead letter when its attempts are used up.
   * @throws `handler_duplicate`, `type_unknown`
   */
  on<Selected extends VersionedEvent>(
    selector: EventSelector<Selected> & Opened<Selected['event']['type'], Types>,
    handler: (delivery: DeliveryOf<Selected, Transact>) => unknown,
  ): this {
    checkHandler(this.name, selector, handler)
    // The selector's `decode` makes exactly what the handler takes; the two types meet only here.
    this.#add({ selector, handle: handler as unknown as (delivery: Delivery) => unknown })
    return this
  }

  /**
   * Handles the events a selector names in batches: for projections at speed. A batch has events of one partition, in
   * its order, `max` of them or what has come within `waitMs`; the batches of a partition follow each other. Fulfilled, all
   * events are finished but those that did `fail`, which are attempted again by themselves; rejected, none is, and each is
   * attempted by itself, its attempts counted from there. `transact` covers the whole batch.
   * @throws `handler_duplicate`, `type_unknown`, `option_invalid`
   */
  onBatch<Selected extends VersionedEvent>(
    selector: EventSelector<Selected> & Opened<Selected['event']['type'], Types>,
    options: BatchOptions,
    handler: (deliveries: readonly BatchDeliveryOf<Selected>[], batch: BatchOf<Transact>) => unknown,
  ): this {
    checkHandler(this.name, selector, handler)
    // As in `on`.
    const handleBatch = handler as unknown as (
      deliveries: readonly BatchDelivery[],
      batch: TransactionalBatch<unknown>,
    ) => unknown
    this.#add({ selector, handleBatch, ...batchPolicy(options) })
    return this
  }

  #add(handling: Handling): void {
    if (this.#joined !== undefined) {
      throw new TidingsError(
        'option_invalid',
        `Group "${this.name}" is running. Name all its handlers before run().`,
      )
    }
    for (const type of handling.selector.types) this.#context.catalog.topicOf(type)
    this.#handlers.add(handling)
  }

  /**
   * Joins the group and delivers until the bus closes, `stop` is called, or the process is asked to end.
   * Rejects when the group cannot be joined, or the engine is lost for good.
   */
  run(): Promise<void> {
    this.#running ??= this.#run()
    return this.#running
  }

  /** Fulfils when the member is in the group, so that what is published from then on reaches it. Starts it if need be. */
  async joined(): Promise<void> {
    const run = this.run()
    // Without handlers there is nothing to join with: `run` says so.
    if (this.#joined === undefined) return run
    try {
      await this.#joined
    } catch (error) {
      run.catch(() => undefined) // The same error, said here.
      throw error
    }
  }

  /** Fulfils when everything published before the call is handled, or a dead letter. Starts the member if need be. */
  async caughtUp(): Promise<void> {
    await this.joined()
    const { engine, clock } = this.#context
    const names = this.#topics()
    const topics = (await engine.admin.topics()).filter(({ name }) => names.includes(name))
    const ends = topics.flatMap(({ bounds }) => bounds)
    while (!(await this.#hasFinished(ends))) {
      if (this.#ended) {
        throw new TidingsError('bus_closed', `Group "${this.name}" has stopped before it caught up.`)
      }
      const waiting = new AbortController()
      // Another member may be the one that commits.
      await Promise.race([this.#consumer?.nextCommit(), sleep(clock, anotherMembersCommitMs, waiting.signal)])
      waiting.abort()
    }
  }

  /** True when the group has committed past these ends, and nothing before them is still to be delivered. */
  async #hasFinished(ends: readonly PartitionBounds[]): Promise<boolean> {
    const { admin, deadLetters, capabilities } = this.#context.engine
    if (capabilities.lag === 'exact' && this.#consumer?.isBehind(ends)) return false
    const lags = await admin.lag(this.name)
    const behind = ends.some(({ topic, partition, end }) => {
      const lag = lags.find((each) => each.topic === topic && each.partition === partition)
      if (lag === undefined) return true
      // Without exact places nothing is behind only when nothing waits.
      return capabilities.lag === 'exact' ? lag.committed < end : lag.lag > 0
    })
    if (behind) return false
    return (await deadLetters.count({ group: this.name, states: ['set-aside', 'requested'] })) === 0
  }

  /** Starts nothing more, waits for handlers at work, commits and leaves the group. `run` fulfils then. */
  async stop(): Promise<void> {
    await this.#joined?.catch(() => undefined)
    await this.#consumer?.stop()
    await this.#running?.catch(() => undefined)
  }

  /** The types of events it has a handler for. */
  get types(): readonly string[] {
    return this.#handlers.types
  }

  /** Events this member has passed over because the group has no handler for their type. */
  get skipped(): number {
    return this.#consumer?.skipped ?? 0
  }

  /**
   * Why events of this member wait, and use up no attempts: its inbox, or the engine that its handlers publish to, cannot be
   * used. Undefined when the last attempt of every partition could.
   */
  get outage(): Error | undefined {
    return this.#consumer?.outage
  }

  async #run(): Promise<void> {
    const topics = this.#topics()
    if (topics.length === 0) {
      throw new TidingsError(
        'option_invalid',
        `Group "${this.name}" has no handlers. Name at least one with on() before run().`,
      )
    }
    this.#context.started(this)
    const { clock, journal } = this.#context
    const journaled = journal?.member({
      group: this.name,
      member: this.member,
      sessionTimeoutMs: this.#policy.sessionTimeoutMs,
      look: () => this.#consumer ?? { assigned: [], inFlight: 0 },
    })
    const consumer = new Consumer(this.#consumerOptions(topics, journaled?.report))
    this.#consumer = consumer
    this.#joined = consumer.join()
    const { inbox } = this.#attempts
    const stopPruning = inbox && pruneInbox(inbox, this.name, this.#policy.inboxAgeMs, clock)
    try {
      await this.#joined
      await consumer.run()
    } finally {
      stopPruning?.()
      this.#ended = true
      await journaled?.close()
      this.#context.ended(this)
    }
  }

  #consumerOptions(topics: readonly string[], journal: Report | undefined): ConsumerOptions {
    const { engine, clock, random, culprits, report } = this.#context
    return {
      transport: engine,
      deadLetters: engine.deadLetters,
      context: this.#attempts,
      policy: this.#policy,
      handlers: this.#handlers,
      member: this.member,
      topics,
      clock,
      random,
      culprits,
      report: journal === undefined ? report : both(report, journal),
    }
  }

  #topics(): readonly string[] {
    return [...new Set(this.#handlers.types.map((type) => this.#context.catalog.topicOf(type).name))]
  }
}

function both(report: Report, journal: Report): Report {
  return (delivery) => {
    journal(delivery)
    report(delivery)
  }
}

const anotherMembersCommitMs = 50
