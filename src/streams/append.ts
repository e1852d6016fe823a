import type { NewEvent } from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import { type CallerTransaction, limits, TidingsError } from '../kernel/index.ts'
import { type Cause, inFlow, storedForm } from './domain-events.ts'
import { checkExpected } from './expected-version.ts'
import { checkStreamId } from './stream-name.ts'
import type { Appended, ExpectedVersion, StreamId, StreamStore } from './stream-store.ts'

/** What streams need of an outbox: to write events in the transaction of an append. */
export interface StreamOutbox<T extends CallerTransaction = CallerTransaction> {
  /** Checks the events and writes them. What it throws, or rejects with, rolls the append back. */
  add(tx: T['tx'], events: readonly NewEvent[]): T['written']
}

/**
 * Appends domain events, and with them what they tell other services: all of it or nothing. Whatever can be wrong with
 * one of them is found before anything is written.
 */
export async function appendEvents<T extends CallerTransaction>(
  store: StreamStore<T>,
  stream: StreamId,
  events: readonly CloudEvent[],
  { expected, cause }: { readonly expected: ExpectedVersion; readonly cause: Cause | undefined },
): Promise<Appended> {
  checkStreamId(stream.name, stream.id)
  checkExpected(expected)
  if (events.length > limits.streamAppendEvents) throw tooMany(events.length)
  const caused = inFlow(events, cause)
  return store.append(stream, caused.map(storedForm), { expected })
}

function tooMany(count: number): TidingsError {
  return new TidingsError(
    'limit_exceeded',
    `One append of ${count} events is more than ${limits.streamAppendEvents}. Append them in parts.`,
  )
}
