import type { NewEvent } from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import { type CallerTransaction, limits, TidingsError } from '../kernel/index.ts'
import { type Cause, inFlow, storedForm } from './domain-events.ts'
import { checkExpected } from './expected-version.ts'
import { integrationEvents, type Mapping } from './mapping.ts'
import { checkStreamId } from './stream-name.ts'
import type { Appended, ExpectedVersion, StreamId, StreamStore } from './stream-store.ts'

/** What streams need of an outbox, as `bus.outbox(store)` makes it: to write events in the transaction of an append. */
export interface StreamOutbox<T extends CallerTransaction, in Types extends string> {
  /** Never set: from it the transaction is inferred. */
  readonly '~transaction'?: T | undefined
  /** Never set: it tells the events that may be published. */
  readonly '~types'?: ((type: Types) => void) | undefined
  /** Checks the events and writes them. What it throws, or rejects with, rolls the append back. */
  add(tx: T['tx'], events: readonly NewEvent<Types>[]): T['written']
}

/** How domain events reach other services. */
export interface Integration<T extends CallerTransaction> {
  readonly outbox: StreamOutbox<T, string> | undefined
  readonly mappings: readonly Mapping[]
}

/**
 * Appends domain events, and with them what they tell other services, after them and in the same transaction: so the order
 * of an aggregate's events in the outbox is that of its appends.
 */
export async function appendEvents<T extends CallerTransaction>(
  { store, ...integration }: Integration<T> & { readonly store: StreamStore<T> },
  stream: StreamId,
  events: readonly CloudEvent[],
  { expected, cause }: { readonly expected: ExpectedVersion; readonly cause: Cause | undefined },
): Promise<Appended> {
  checkStreamId(stream.name, stream.id)
  checkExpected(expected)
  if (events.length > limits.streamAppendEvents) throw tooMany(events.length)
  const caused = inFlow(events, cause)
  const within = tellingOf(integration, stream, caused)
  return store.append(stream, caused.map(storedForm), { expected, within })
}

/** Writes what these events tell other services, in a transaction; undefined where they tell nothing. @throws `mapping_failed` */
export function tellingOf<T extends CallerTransaction>(
  { outbox, mappings }: Integration<T>,
  stream: StreamId,
  events: readonly CloudEvent[],
): ((tx: T['tx']) => T['written']) | undefined {
  const told = integrationEvents(mappings, stream, events)
  if (outbox === undefined || told.length === 0) return undefined
  return (tx) => outbox.add(tx, told)
}

function tooMany(count: number): TidingsError {
  return new TidingsError(
    'limit_exceeded',
    `One append of ${count} events is more than ${limits.streamAppendEvents}. Append them in parts.`,
  )
}
