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
import { checkName, createIds, systemClock, systemRandom, TidingsError, toError } from '../kernel/index.ts'
import type { Capabilities, OutgoingRecord, TransactionOf, TransportAdmin } from '../log/index.ts'
import { type BusOptions, checkBusOptions } from './bus-options.ts'
import { checkCoverage } from './coverage.ts'
import type { Engine } from './engine.ts'
import { Group, type GroupContext } from './group.ts'
import type { GroupOptions } from './group-options.ts'
import { inNamespace } from './namespace.ts'
import {
  type BatchOptions,
  checkBatch,
  checkMade,
  checkPublish,
  notBeforeMs,
  type PublishOptions,
} from './publish-options.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { EventMaker, type Publisher } from './publisher.ts'
import { harmless, reportFailures } from './report.ts'
import { onShutdown } from './shutdown.ts'

/**
 * Opens a bus: compiles the catalog's schemas, registers or looks them up where there is a registry, creates its topics
 * where they are not, and looks whether every version that is still there can be brought to the newest.
 * @throws `option_invalid`, `schema_invalid`, `schema_incompatible`, `schema_missing`, `version_uncovered`, what the
 * registry throws, and `partition_count_mismatch` when a topic is there with another partition count.
 */
export async function openBus<C extends Capabilities, const Topics extends readonly Topic[]>(
  options: BusOptions<C, Topics>,
): Promise<Bus<C, TypesOf<Catalog<Topics>>>> {
  checkBusOptions(options)
  const engine = inNamespace(options.transport, options.namespace)
  const { catalog, registry, schemas = 'lookup' } = options
  catalog.compile()
  if (registry !== undefined)
    await (schemas === 'register' ? registerCatalog(catalog, registry) : lookUpCatalog(catalog, registry))
  for (const topic of catalog.topics) await openTopic(engine.admin, topic)
  await checkCoverage(catalog, engine)
  return new Bus(engine, options)
}

async function openTopic(admin: TransportAdmin, { name, partitions, retention }: Topic): Promise<void> {
  const { ageMs, bytes } = retention
  const stored = await admin.createTopic({ name, partitions, retention: { ageMs, bytes } })
  if (stored.partitions === partitions) return
  throw new TidingsError(
    'partition_count_mismatch',
    `Topic "${name}" has ${stored.partitions} partitions, and the catalog says ${partitions}. Keys would change their partition and lose their order: say ${stored.partitions}, or publish to a new topic.`,
  )
}

/** Publishes events and runs consumer groups on one engine. */
export class Bus<C extends Capabilities = Capabilities, in Types extends string = string>
  implements Publisher<Types>, AsyncDisposable
{
  declare readonly '~types'?: ((type: Types) => void) | undefined
  readonly admin: TransportAdmin
  readonly deadLetters: DeadLetterStore
  readonly #engine: Engine<C>
  readonly #catalog: Catalog
  readonly #maker: EventMaker
  readonly #groupContext: GroupContext
  readonly #groups = new Set<{ stop(): Promise<void> }>()
  readonly #signals: readonly NodeJS.Signals[]
  #stopListening: (() => void) | undefined
  #closing: Promise<void> | undefined

  /** Use {@link openBus}. */
  constructor(engine: Engine<C>, options: BusOptions<C, readonly Topic[]>) {
    const {
      catalog,
      source,
      schemaBase = defaultSchemaBase,
      clock = systemClock,
      random = systemRandom,
    } = options
    const { drainOn = ['SIGTERM', 'SIGINT'], report = reportFailures() } = options
    this.admin = engine.admin
    this.deadLetters = engine.deadLetters
    this.#engine = engine
    this.#catalog = catalog
    this.#maker = new EventMaker({
      catalog,
      source,
      schemaBase,
      clock,
      random,
      ids: createIds(clock, random),
    })
    this.#signals = drainOn === false ? [] : drainOn
    const started = (group: { stop(): Promise<void> }): void => this.#started(group)
    const ended = (group: { stop(): Promise<void> }): void => this.#ended(group)
    const culprits = new OneAtATime()
    this.#groupContext = {
      engine,
      catalog,
      clock,
      random,
      report: harmless(report),
      started,
      ended,
      culprits,
    }
  }

  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data> & Opened<Type, Types>,
    data: NoInfer<Data>,
    options: PublishOptions & { readonly tx: TransactionOf<C> },
  ): void
  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data> & Opened<Type, Types>,
    data: NoInfer<Data>,
    options?: PublishOptions,
  ): Promise<void>
  /**
   * Publishes one event: checked against its schema, in the CloudEvents envelope, durable when the promise fulfils.
   * With `tx`, a transaction of the caller on the engine's own database, it is written before the call returns and
   * commits with the caller's rows, or not at all; a refusal is thrown then, so that the caller can roll back.
   */
  publish<Type extends string, Data>(
    definition: EventDefinition<Type, Data>,
    data: Data,
    options: PublishOptions & { readonly tx?: unknown } = {},
  ): Promise<void> | void {
    const { tx } = options
    if (tx === undefined) return this.#publishOne(definition, data, options)
    const record = this.#made(definition, data, options)
    const { callerTransaction, name } = this.#engine.capabilities
    if (!callerTransaction) {
      throw new TidingsError(
        'capability_missing',
        `${name} cannot publish in a transaction of the caller. Publish without tx once it has committed, or use an engine that can, such as sqlite.`,
      )
    }
    void this.#engine.publish([record], { tx })
  }

  async publishAll(events: readonly NewEvent<Types>[], options: BatchOptions = {}): Promise<void> {
    this.#checkOpen()
    checkBatch('publishAll', events, options)
    const records = events.map((made, index) => {
      checkMade(made, index)
      return this.#record(made, options.notBefore)
    })
    if (records.length > 0) await this.#engine.publish(records, { tx: undefined })
  }

  /** Publishes whole CloudEvents, from elsewhere: id, source and time stay. Checked like any other. */
  async publishEvents(events: readonly CloudEvent[]): Promise<void> {
    this.#checkOpen()
    checkBatch('publishEvents', events, {})
    const records = events.map((event) => this.#maker.recordOf(event, undefined))
    if (records.length > 0) await this.#engine.publish(records, { tx: undefined })
  }

  /** A member of a consumer group. Every group gets every event; the members of one share the partitions. */
  group<Transact = never>(name: string, options: GroupOptions<C, Transact> = {}): Group<Types, Transact> {
    this.#checkOpen()
    checkName('A group', name)
    return new Group(name, options, this.#groupContext)
  }

  /** Stops all groups: each finishes what it is handling, commits and leaves. Publishing goes on. */
  async drain(): Promise<void> {
    await Promise.all([...this.#groups].map((group) => group.stop()))
  }

  /** Drains, then closes the engine. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#drainAndClose()
    return this.#closing
  }

  async #drainAndClose(): Promise<void> {
    try {
      await this.drain()
    } finally {
      await this.#engine.close()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #publishOne(definition: EventDefinition, data: unknown, options: PublishOptions): Promise<void> {
    await this.#engine.publish([this.#made(definition, data, options)], { tx: undefined })
  }

  #made(
    definition: EventDefinition,
    data: unknown,
    options: PublishOptions & { readonly tx?: unknown },
  ): OutgoingRecord {
    this.#checkOpen()
    checkPublish(definition, options)
    const { tx: _tx, notBefore, ...attributes } = options
    return this.#record(definition.create(data, attributes), notBefore)
  }

  #record(made: NewEvent, notBefore: Date | string | undefined): OutgoingRecord {
    const definition = this.#catalog.definitionOf(made.type)
    return this.#maker.record(definition, made, notBeforeMs(notBefore, this.#engine.capabilities))
  }

  #checkOpen(): void {
    if (this.#closing !== undefined)
      throw new TidingsError('bus_closed', 'The bus is closed. Open another one.')
  }

  #started(group: { stop(): Promise<void> }): void {
    this.#checkOpen()
    this.#groups.add(group)
    this.#stopListening ??= onShutdown(this.#signals, () => {
      this.drain().catch((error: unknown) => process.emitWarning(toError(error)))
    })
  }

  #ended(group: { stop(): Promise<void> }): void {
    this.#groups.delete(group)
    if (this.#groups.size > 0) return
    this.#stopListening?.()
    this.#stopListening = undefined
  }
}
