import {
  type Catalog,
  defaultSchemaBase,
  type EventDefinition,
  lookUpCatalog,
  type NewEvent,
  type Opened,
  registerCatalog,
  type Topic,
  type TypesOf,
} from '../catalog/index.ts'
import type { DeadLetterStore } from '../dead-letter/index.ts'
import type { CloudEvent } from '../event/index.ts'
import {
  type CallerTransaction,
  type Clock,
  checkName,
  createIds,
  OneAtATime,
  type Random,
  systemClock,
  systemRandom,
  TidingsError,
  toError,
} from '../kernel/index.ts'
import {
  type Capabilities,
  capabilityMissing,
  type EngineLacks,
  type OutgoingRecord,
  type TransactionOf,
  type TransportAdmin,
} from '../log/index.ts'
import type { OutboxStore, Relay } from '../outbox/index.ts'
import { isInstrumented, openTelemetry, Tracing, transportWith } from '../tracing/index.ts'
import { type BusOptions, checkBusOptions } from './bus-options.ts'
import { checkCoverage } from './coverage.ts'
import { checkDurability } from './durability.ts'
import type { Engine } from './engine.ts'
import { Group, type GroupContext } from './group.ts'
import type { GroupOptions } from './group-options.ts'
import { type OpenedJournal, openJournalOf } from './open-journal.ts'
import { inNamespace } from './namespace.ts'
import { EngineOutages } from './outage.ts'
import { observedOf } from './observed.ts'
import { logDestination, Outbox, relayOf, storeDestination, type TransactionOn } from './outbox.ts'
import type { OutboxOptions } from './outbox-options.ts'
import type { BatchOptions, CheckedOptions, PublishOptions, TransactionOptions } from './publish-options.ts'
import { EventMaker, type Publisher } from './publisher.ts'
import { RecordMaker } from './record-maker.ts'
import { harmless, reportFailures } from './report.ts'
import { onShutdown } from './shutdown.ts'
import { openTopic } from './open-topic.ts'

/**
 * Opens a bus: compiles the catalog's schemas, registers or looks them up where there is a registry, creates its topics
 * where they are not, and looks whether the engine keeps what it acknowledges and whether every version that is still
 * there can be brought to the newest.
 * @throws `option_invalid`, `schema_invalid`, `schema_incompatible`, `schema_missing`, `version_uncovered`, `not_durable`, what
 * the registry throws, and `partition_count_mismatch` when a topic is there with another partition count.
 */
export async function openBus<C extends Capabilities, const Topics extends readonly Topic[]>(
  options: BusOptions<C, Topics>,
): Promise<Bus<C, TypesOf<Catalog<Topics>>>> {
  checkBusOptions(options)
  const { catalog, registry, schemas = 'lookup', clock = systemClock, random = systemRandom } = options
  const named = inNamespace(options.transport, options.namespace)
  const telemetry = await openTelemetry()
  const tracing = new Tracing({ system: named.capabilities.name, clock, random, telemetry })
  const isBare = !isInstrumented(options.transport)
  const engine = telemetry && isBare ? transportWith(tracing, telemetry, named) : named
  catalog.compile()
  if (registry !== undefined)
    await (schemas === 'register' ? registerCatalog(catalog, registry) : lookUpCatalog(catalog, registry))
  for (const topic of catalog.topics) await openTopic(engine.admin, topic)
  const topics = catalog.topics.map(({ name }) => name)
  await checkDurability(engine, topics, options.durability === 'required')
  const { admin, deadLetters }: Engine = engine
  await checkCoverage(catalog, { admin, deadLetters })
  // What it reports is no part of any trace.
  const journal = await openJournalOf(named, options)
  return new Bus(engine, { ...options, clock, random }, tracing, journal)
}

interface Running {
  readonly name: string
  stop(): Promise<void>
}

/** Where time and chance come from: the options', else the system's. */
interface Chance {
  readonly clock: Clock
  readonly random: Random
}

/** Publishes events and runs consumer groups on one engine. */
export class Bus<C extends Capabilities = Capabilities, in Types extends string = string>
  implements Publisher<Types>, AsyncDisposable
{
  declare readonly '~types'?: ((type: Types) => void) | undefined
  /** What the engine can do, for programs that run on several. */
  readonly capabilities: C
  readonly admin: TransportAdmin<C>
  readonly deadLetters: DeadLetterStore
  readonly #engine: Engine<C>
  readonly #journal: OpenedJournal | undefined
  readonly #maker: RecordMaker
  readonly #groupContext: GroupContext
  readonly #groups = new Set<Running>()
  readonly #relays = new Set<Relay>()
  readonly #outboxes: Outbox[] = []
  readonly #signals: readonly NodeJS.Signals[]
  readonly #stopObserving: () => void
  #stopListening: (() => void) | undefined
  #closing: Promise<void> | undefined

  /** Use {@link openBus}. */
  constructor(
    engine: Engine<C>,
    options: BusOptions<C, readonly Topic[]> & Chance,
    tracing: Tracing,
    journal: OpenedJournal | undefined,
  ) {
    const { catalog, source, schemaBase = defaultSchemaBase, clock, random } = options
    const { drainOn = ['SIGTERM', 'SIGINT'], report = reportFailures() } = options
    this.capabilities = engine.capabilities
    this.admin = engine.admin
    this.deadLetters = engine.deadLetters
    this.#engine = engine
    this.#journal = journal
    const ids = createIds(clock, random)
    const maker = new EventMaker({ catalog, source, schemaBase, clock, random, ids, tracing })
    this.#maker = new RecordMaker(maker, catalog, engine.capabilities)
    this.#signals = drainOn === false ? [] : drainOn
    const started = (group: Running): void => this.#started(group)
    const ended = (group: Running): void => this.#ended(group)
    const culprits = new OneAtATime()
    this.#groupContext = {
      engine,
      catalog,
      clock,
      random,
      tracing,
      journal: journal?.journal,
      report: harmless((delivery) => {
        tracing.delivered(delivery)
        report(delivery)
      }),
      started,
      ended,
      culprits,
      engineOutages: new EngineOutages(),
    }
    const names = (): ReadonlySet<string> => new Set([...this.#groups].map(({ name }) => name))
    this.#stopObserving = tracing.observe(observedOf(engine, names, this.#outboxes))
  }

  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data> & Opened<Type, Types>,
    data: NoInfer<Data>,
    options: TransactionOptions<C>,
  ): void
  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data> & Opened<Type, Types>,
    data: NoInfer<Data>,
    options?: PublishOptions<C>,
  ): Promise<void>
  /**
   * Publishes one event: checked against its schema, in the CloudEvents envelope, durable when the promise fulfils.
   * With `tx`, a transaction of the caller on the engine's own database, it is written before the call returns and
   * commits with the caller's rows, or not at all; a refusal is thrown then, so that the caller can roll back.
   */
  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data>,
    data: Data,
    options: CheckedOptions & { readonly tx?: unknown } = {},
  ): Promise<void> | void {
    const { tx } = options
    if (tx === undefined) return this.#publishOne(definition, data, options)
    this.#checkOpen()
    const record = this.#maker.one(definition, data, options, 'send')
    const { callerTransaction, name } = this.#engine.capabilities
    if (!callerTransaction) {
      throw capabilityMissing(
        name,
        'callerTransaction',
        'it publishes in no transaction of the caller. Publish without tx once that has committed, or in it through bus.outbox, with a store in the database of your rows.',
      )
    }
    void this.#engine.publish([record], { tx })
  }

  async publishAll(events: readonly NewEvent<Types>[], options: BatchOptions<C> = {}): Promise<void> {
    this.#checkOpen()
    const records = this.#maker.many('publishAll', events, options)
    await this.#publishRecords(records)
  }

  /** Publishes whole CloudEvents, from elsewhere: id, source and time stay. Checked like any other. */
  async publishEvents(events: readonly CloudEvent[]): Promise<void> {
    this.#checkOpen()
    const records = this.#maker.whole('publishEvents', events)
    await this.#publishRecords(records)
  }

  /**
   * Publishes in the caller's transaction straight into the log, where the rows are in the database of the engine.
   * @throws `capability_missing` where the engine has no such transaction
   */
  outbox(
    this: C['callerTransaction'] extends false ? EngineLacks<'callerTransaction'> : unknown,
  ): Outbox<{ readonly tx: TransactionOf<C>; readonly written: void }, Types>
  /**
   * Publishes in the caller's transaction, into a store in the database of the caller's rows; from there a relay brings
   * the events to the engine. The relay runs from now on, until the bus drains. The bus does not close the store.
   * @throws `option_invalid`
   */
  outbox<T extends CallerTransaction>(
    store: OutboxStore<T>,
    options?: OutboxOptions,
  ): Outbox<TransactionOn<C, T>, Types>
  outbox<T extends CallerTransaction>(store?: OutboxStore<T>, options: OutboxOptions = {}): Outbox<T, Types> {
    this.#checkOpen()
    const engine = this.#engine
    const checkOpen = (): void => this.#checkOpen()
    if (store === undefined) return new Outbox(this.#maker, logDestination<T>(engine), checkOpen)
    const relay = relayOf(store, options, this.#groupContext)
    const outbox = new Outbox<T, Types>(this.#maker, storeDestination(store, engine), checkOpen)
    if (options.relay !== false) {
      this.#relays.add(relay)
      this.#outboxes.push(outbox)
      relay.start()
    } else {
      // A relay would: from then on the store knows its database from another one with tables of ours.
      store.figures().catch(() => undefined)
    }
    return outbox
  }

  /** The outboxes that this bus relays, for their figures. */
  get outboxes(): readonly Pick<Outbox, 'figures'>[] {
    return this.#outboxes
  }

  /** A member of a consumer group. Every group gets every event; the members of one share the partitions. */
  group<Transact = never>(name: string, options: GroupOptions<C, Transact> = {}): Group<Types, Transact> {
    this.#checkOpen()
    checkName('A group', name)
    return new Group(name, options, this.#groupContext)
  }

  /**
   * Stops all groups: each finishes what it is handling, commits and leaves. Then the relays: each publishes what is
   * pending, and stands down. Publishing goes on; what is added to an outbox waits for the relay of another process.
   */
  async drain(): Promise<void> {
    await Promise.all([...this.#groups].map((group) => group.stop()))
    await Promise.all([...this.#relays].map((relay) => relay.stop()))
  }

  /** Drains, then closes the engine. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#drainAndClose()
    return this.#closing
  }

  async #drainAndClose(): Promise<void> {
    this.#stopObserving()
    try {
      await this.drain()
    } finally {
      try {
        await this.#journal?.close()
      } finally {
        await this.#engine.close()
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #publishOne(definition: EventDefinition, data: unknown, options: CheckedOptions): Promise<void> {
    this.#checkOpen()
    await this.#publishRecords([this.#maker.one(definition, data, options, 'send')])
  }

  async #publishRecords(records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return
    await this.#groupContext.engineOutages.follow(this.#engine.publish(records, { tx: undefined }))
  }

  #checkOpen(): void {
    if (this.#closing !== undefined)
      throw new TidingsError('bus_closed', 'The bus is closed. Open another one.')
  }

  #started(group: Running): void {
    this.#checkOpen()
    this.#groups.add(group)
    this.#stopListening ??= onShutdown(this.#signals, () => {
      this.drain().catch((error: unknown) => process.emitWarning(toError(error)))
    })
  }

  #ended(group: Running): void {
    this.#groups.delete(group)
    if (this.#groups.size > 0) return
    this.#stopListening?.()
    this.#stopListening = undefined
  }
}
