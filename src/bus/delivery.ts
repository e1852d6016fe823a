import type { VersionedEvent } from '../catalog/index.ts'

/** An event handed to a handler: where it comes from, and which attempt this is. */
interface Delivered<Selected extends VersionedEvent> {
  readonly event: Selected['event']
  /** The version of the event's data. */
  readonly version: Selected['version']
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** The engine's clock in ms since the Unix epoch. */
  readonly appendedAt: number
  /** From 1. */
  readonly attempt: number
  /** The same for every attempt of this event in this group, until it is sought `again`: for effects elsewhere that can be told apart by a key. */
  readonly idempotencyKey: string
}

/** An event handed to a handler. Whatever the handler returns or fulfils with finishes it; whatever it throws is a failed attempt. */
export interface Delivery<Selected extends VersionedEvent = VersionedEvent> extends Delivered<Selected> {
  /** Aborts when the handler ran too long, the partition was lost, or the process stops: stop then, nothing you do counts. */
  readonly signal: AbortSignal
}

/** A delivery of a group with an inbox. */
export interface TransactionalDelivery<Selected extends VersionedEvent, Transact> extends Delivery<Selected> {
  /** Runs the handler's writes, and the record that this event was handled, in one transaction; once for an event. */
  readonly transact: Transact
}

/** What a handler gets: a union of events becomes a union of deliveries, so that `version` and `event.type` narrow it. */
export type DeliveryOf<Selected extends VersionedEvent, Transact> = Selected extends VersionedEvent
  ? [Transact] extends [never]
    ? Delivery<Selected>
    : TransactionalDelivery<Selected, Transact>
  : never

/** One event of a batch. When the batch handler fulfils, all that did not `fail` are finished. */
export interface BatchDelivery<Selected extends VersionedEvent = VersionedEvent> extends Delivered<Selected> {
  /**
   * This event has failed, the rest of the batch has not: it alone is attempted again after its backoff. Later events of
   * its key in this batch count as not handled and come again behind it. Has to come before the `transact` that would
   * record the event, or inside it.
   * @throws `transaction_invalid` when that is committed, `delivery_closed` when the batch is over.
   */
  fail(error: unknown): void
  /** True when this event, or an earlier one of its key in the batch, has failed: leave it out. */
  readonly failed: boolean
}

/** What the events of a batch share: all are of one partition. */
export interface DeliveryBatch {
  readonly group: string
  readonly topic: string
  readonly partition: number
  /** Aborts when the handler ran too long, the partition was lost, or the process stops: stop then, nothing you do counts. */
  readonly signal: AbortSignal
}

/** A batch of a group with an inbox. */
export interface TransactionalBatch<Transact> extends DeliveryBatch {
  /** Runs the handler's writes, and the record that the events of the batch were handled, in one transaction; once for a batch. */
  readonly transact: Transact
}

/** The events a batch handler gets: a union of events becomes an array of a union, so that each narrows. */
export type BatchDeliveryOf<Selected extends VersionedEvent> = Selected extends VersionedEvent
  ? BatchDelivery<Selected>
  : never

export type BatchOf<Transact> = [Transact] extends [never] ? DeliveryBatch : TransactionalBatch<Transact>
