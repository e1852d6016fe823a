import { encodeJson } from '../event/index.ts'
import { type Clock, TidingsError, toError } from '../kernel/index.ts'
import type { Capabilities } from './capabilities.ts'
import { Housekeeping } from './housekeeping.ts'
import { LogAdmin } from './log-admin.ts'
import type { AppendRecord, LogStore } from './log-store.ts'
import { LogSubscription } from './log-subscription.ts'
import { checkMember } from './membership.ts'
import type { OutgoingRecord, SubscribeRequest, Subscription, Transport } from './transport.ts'

/** Makes any LogStore a Transport: encoding, membership, reading, delayed events and retention are the same for all. */
export class LogTransport<C extends Capabilities> implements Transport<C> {
  readonly capabilities: C
  readonly admin: LogAdmin
  readonly #store: LogStore<C>
  readonly #clock: Clock
  readonly #housekeeping: Housekeeping
  readonly #subscriptions = new Set<Subscription>()
  #closing: Promise<void> | undefined

  constructor(store: LogStore<C>, clock: Clock) {
    this.capabilities = store.capabilities
    this.admin = new LogAdmin(store, clock)
    this.#store = store
    this.#clock = clock
    this.#housekeeping = new Housekeeping(store, clock)
  }

  publish(records: readonly OutgoingRecord[], { tx }: { readonly tx: unknown }): Promise<void> {
    const encoded = records.map(encodeRecord)
    // Not an async function: with `tx` everything is written, or refused, before this returns.
    if (tx !== undefined) return this.#store.append(encoded, { tx })
    return this.#store.append(encoded, { tx }).catch((error: unknown) => {
      throw publishFailed(error, records.length)
    })
  }

  async subscribe(request: SubscribeRequest): Promise<Subscription> {
    checkMember(request.member)
    const subscription = await LogSubscription.join(this.#store, request, this.#clock)
    subscription.onClose(() => this.#subscriptions.delete(subscription))
    this.#subscriptions.add(subscription)
    return subscription
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#housekeeping.close()
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()))
    await this.#store.close()
  }
}

/** @throws `event_too_large` and what else `encodeJson` refuses. */
function encodeRecord({ topic, partition, event, notBefore }: OutgoingRecord): AppendRecord {
  return { topic, partition, body: encodeJson(event), notBefore }
}

function publishFailed(thrown: unknown, count: number): TidingsError {
  const error = toError(thrown)
  if (error instanceof TidingsError && error.kind !== 'failed') return error
  const failed = Array.from({ length: count }, (_, index) => ({ index, reason: error.message }))
  return new TidingsError(
    'publish_failed',
    `None of ${count} event(s) is stored: ${error.message} Publish them again once that is mended; nothing was written.`,
    { cause: error, details: { failed } },
  )
}
