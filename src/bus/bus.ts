import {
  type Catalog,
  defaultSchemaBase,
  type EventDefinition,
  type NewEvent,
  type Opened,
  type Topic,
  type TypesOf,
} from '../catalog/index.ts'
import type { DeadLetterStore } from '../dead-letter/index.ts'
import type { CloudEvent } from '../event/index.ts'
import {
  type Clock,
  checkName,
  createIds,
  limits,
  type Random,
  systemClock,
  systemRandom,
  TidingsError,
} from '../kernel/index.ts'
import type { Capabilities, TransactionOf, TransportAdmin } from '../log/index.ts'
import type { Engine } from './engine.ts'
import { Group, type GroupContext } from './group.ts'
import type { GroupOptions } from './group-options.ts'
import { inNamespace } from './namespace.ts'
import { EventMaker, type Publisher, type PublishOptions } from './publisher.ts'
import { harmless, type Report, reportFailures } from './report.ts'
import { onShutdown } from './shutdown.ts'

export interface BusOptions<C extends Capabilities, Topics extends readonly Topic[]> {
  /** The engine; the bus closes it. */
  readonly transport: Engine<C>
  /** The CloudEvents `source` of what is published: a URI-reference that names this service. */
  readonly source: string
  readonly catalog: Catalog<Topics>
  /** What `dataschema` begins with. Default `tidings:schemas`. */
  readonly schemaBase?: string | undefined
  /** A prefix on every name the engine sees, so that two environments share one engine. */
  readonly namespace?: string | undefined
  /** Signals on which groups drain, leave and end; a second one ends the process. Default SIGTERM and SIGINT; false for none. */
  readonly drainOn?: readonly NodeJS.Signals[] | false | undefined
  /** Told what became of every delivery. Default: a line on stderr for each that failed. */
  readonly report?: Report | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

/**
 * Opens a bus: creates the catalog's topics where they are not, compiles its schemas.
 * @throws `partition_count_mismatch` when a topic is there with another partition count, `schema_invalid`.
 */
export async function openBus<C extends Capabilities, const Topics extends readonly Topic[]>(
  options: BusOptions<C, Topics>,
): Promise<Bus<C, TypesOf<Catalog<Topics>>>> {
  const engine = inNamespace(options.transport, options.namespace)
  options.catalog.compile()
  for (const topic of options.catalog.topics) await openTopic(engine.admin, topic)
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
    this.#groupContext = { engine, catalog, clock, random, report: harmless(report), started, ended }
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
    { tx, notBefore, ...attributes }: PublishOptions & { readonly tx?: unknown } = {},
  ): Promise<void> | void {
    const made = definition.create(data, attributes)
    if (tx === undefined) return this.publishAll([made as NewEvent<Types & Type>], { notBefore })
    this.#checkOpen()
    if (!this.#engine.capabilities.callerTransaction) {
      throw new TidingsError(
        'capability_missing',
        `${this.#engine.capabilities.name} cannot publish in a transaction of the caller. Use an outbox, or publish without tx.`,
      )
    }
    void this.#engine.publish([this.#record(made, notBefore)], { tx })
  }

  async publishAll(
    events: readonly NewEvent<Types>[],
    { notBefore }: Pick<PublishOptions, 'notBefore'> = {},
  ): Promise<void> {
    this.#checkOpen()
    checkBatch(events.length)
    const records = events.map((made) => this.#record(made, notBefore))
    if (records.length > 0) await this.#engine.publish(records, { tx: undefined })
  }

  /** Publishes whole CloudEvents, from elsewhere: id, source and time stay. Checked like any other. */
  async publishEvents(events: readonly CloudEvent[]): Promise<void> {
    this.#checkOpen()
    checkBatch(events.length)
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
    this.#closing ??= this.drain().then(() => this.#engine.close())
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #record(made: NewEvent, notBefore: Date | string | undefined): ReturnType<EventMaker['record']> {
    return this.#maker.record(this.#catalog.definitionOf(made.type), made, this.#notBeforeMs(notBefore))
  }

  #notBeforeMs(notBefore: Date | string | undefined): number | undefined {
    if (notBefore === undefined) return undefined
    if (!this.#engine.capabilities.delay) {
      throw new TidingsError(
        'capability_missing',
        `${this.#engine.capabilities.name} cannot delay events. Publish when it is time, or use an engine that declares delay.`,
      )
    }
    const ms = new Date(notBefore).getTime()
    if (!Number.isNaN(ms)) return ms
    throw new TidingsError(
      'option_invalid',
      `notBefore is ${JSON.stringify(notBefore)}, which is not a time. Write it like 2026-01-31T00:00:00Z.`,
    )
  }

  #checkOpen(): void {
    if (this.#closing !== undefined)
      throw new TidingsError('bus_closed', 'The bus is closed. Open another one.')
  }

  #started(group: { stop(): Promise<void> }): void {
    this.#groups.add(group)
    this.#stopListening ??= onShutdown(this.#signals, () => void this.drain())
  }

  #ended(group: { stop(): Promise<void> }): void {
    this.#groups.delete(group)
    if (this.#groups.size > 0) return
    this.#stopListening?.()
    this.#stopListening = undefined
  }
}

function checkBatch(count: number): void {
  if (count <= limits.publishBatch) return
  throw new TidingsError(
    'limit_exceeded',
    `${count} events in one call; at most ${limits.publishBatch} are published at once. Publish them in several calls.`,
  )
}
