import type { VersionedEvent } from '../catalog/index.ts'

/** An event handed to a handler. Whatever the handler returns or fulfils with finishes it; whatever it throws is a failed attempt. */
export interface Delivery<Selected extends VersionedEvent = VersionedEvent> {
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
  /** Aborts when the handler ran too long, the partition was lost, or the process stops: stop then, nothing you do counts. */
  readonly signal: AbortSignal
  /** The same for every attempt of this event in this group: for effects elsewhere that can be told apart by a key. */
  readonly idempotencyKey: string
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
