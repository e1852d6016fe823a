import type { EventDefinition, NewEvent, Opened } from '../catalog/index.ts'
import { encodeJson } from '../event/index.ts'
import { type CallerTransaction, type Clock, type Random, TidingsError } from '../kernel/index.ts'
import { type Capabilities, capabilityMissing, type OutgoingRecord } from '../log/index.ts'
import { type OutboxFigures, type OutboxRecord, type OutboxStore, Relay } from '../outbox/index.ts'
import type { Engine } from './engine.ts'
import { memberId } from './member-id.ts'
import { checkOutbox, type OutboxOptions } from './outbox-options.ts'
import type { BatchOptions, PublishOptions } from './publish-options.ts'
import type { RecordMaker } from './record-maker.ts'

/** The caller's transaction, on a bus whose engine is known: `~delay` says what that does with `notBefore`. */
export type TransactionOn<C extends Capabilities, T extends CallerTransaction> = T & {
  /** Never set. */
  readonly '~delay'?: C['delay']
}

/** What is known of the engine that events are relayed to. */
type EngineOf<T> = Capabilities & {
  readonly delay: T extends { readonly '~delay'?: infer Delay } ? Delay : boolean
}

/** Where the events of an outbox go in the caller's transaction. */
interface Destination<T extends CallerTransaction> {
  write(tx: T['tx'], records: readonly OutgoingRecord[]): T['written']
  figures(): Promise<OutboxFigures>
}

/**
 * Publishes in the caller's own transaction: the events are there with the caller's rows once that commits, or not at all.
 * From the outbox a relay brings them to the engine, each at least once, under one id, in the order per key that they were
 * added in.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- `any` lets a plain `Outbox` take that of every bus
export class Outbox<T extends CallerTransaction = CallerTransaction, in Types extends string = any> {
  /** Never set: from it the transaction is inferred. */
  declare readonly '~transaction'?: T | undefined
  /** Never set: it makes an outbox of fewer types not assignable to one of more. */
  declare readonly '~types'?: ((type: Types) => void) | undefined
  readonly #maker: RecordMaker
  readonly #destination: Destination<T>
  readonly #checkOpen: () => void

  /** Use `bus.outbox`. */
  constructor(maker: RecordMaker, destination: Destination<T>, checkOpen: () => void) {
    this.#maker = maker
    this.#destination = destination
    this.#checkOpen = checkOpen
  }

  /**
   * One event: checked against its schema, in the CloudEvents envelope, written when the call returns, or fulfils where
   * writes are awaited. Whatever is wrong is thrown (or the promise rejects), so that the transaction rolls back.
   * @throws as `Publisher.publish`, and `transaction_invalid` for a tx that is over, or of another database.
   */
  publish<Type extends string, Data>(
    tx: T['tx'],
    definition: EventDefinition<Type, Data> & Opened<Type, Types>,
    data: NoInfer<Data>,
    options: PublishOptions<EngineOf<T>> = {},
  ): T['written'] {
    this.#checkOpen()
    return this.#destination.write(tx, [this.#maker.one(definition, data, options, 'create')])
  }

  /** Many at once, made with `definition.create`: all are checked before any is written. @throws as `publish` */
  add(
    tx: T['tx'],
    events: readonly NewEvent<Types>[],
    options: BatchOptions<EngineOf<T>> = {},
  ): T['written'] {
    this.#checkOpen()
    return this.#destination.write(tx, this.#maker.many('add', events, options))
  }

  /** How much waits for the relay, for how long, and what the engine refuses. */
  figures(): Promise<OutboxFigures> {
    return this.#destination.figures()
  }
}

/** Straight into the log, in the caller's transaction: nothing waits for a relay. @throws `capability_missing` */
export function logDestination<T extends CallerTransaction>(engine: Engine): Destination<T> {
  const { callerTransaction, name } = engine.capabilities
  if (!callerTransaction) {
    throw capabilityMissing(
      name,
      'callerTransaction',
      "it publishes in no transaction of the caller. Give bus.outbox a store in the database of your rows, as sqliteOutbox('service.db'); a relay then publishes from there.",
    )
  }
  return {
    write: (tx, records) => {
      void engine.publish(records, { tx })
    },
    figures: async () => ({ pending: 0, oldestAgeMs: undefined, refused: 0 }),
  }
}

/** @throws `event_too_large` for an event that the engine could not take: here its transaction can still roll back. */
export function storeDestination<T extends CallerTransaction>(
  store: OutboxStore<T>,
  { capabilities: { maxBytes, name } }: Engine,
): Destination<T> {
  return {
    write: (tx, records) =>
      store.add(
        tx,
        records.map((record) => outboxRecord(record, maxBytes, name)),
      ),
    figures: () => store.figures(),
  }
}

function outboxRecord(
  { topic, partition, event, notBefore }: OutgoingRecord,
  maxBytes: number,
  engine: string,
): OutboxRecord {
  const body = encodeJson(event)
  if (body.length * 3 > maxBytes && Buffer.byteLength(body) > maxBytes) {
    throw new TidingsError(
      'event_too_large',
      `Event "${event.id}" of type "${event.type}" has ${Buffer.byteLength(body)} bytes, and ${engine} takes at most ${maxBytes}. Publish where the data is instead of the data.`,
    )
  }
  return { topic, partition, body, notBefore }
}

/** The relay of an outbox, for this bus. */
export function relayOf(
  store: OutboxStore,
  options: OutboxOptions,
  { engine, clock, random }: { readonly engine: Engine; readonly clock: Clock; readonly random: Random },
): Relay {
  return new Relay({
    store,
    publish: (records) => engine.publish(records, { tx: undefined }),
    relay: memberId(random),
    clock,
    random,
    report: options.report,
    ...checkOutbox(store, options),
  })
}
