import { checkOptionNames, type Duration, durationMs, limits, shown, TidingsError } from '../kernel/index.ts'
import type { OutboxStore, RelayReport } from '../outbox/index.ts'

export interface OutboxOptions {
  /** Whether this bus publishes what is in the outbox. False where another process does. Default true. */
  readonly relay?: boolean | undefined
  /** A relay that has not been heard of for this long is replaced by one that stands by. Default 10 s. */
  readonly lease?: Duration | undefined
  /** Told when the relay cannot publish. Default: a line on stderr. */
  readonly report?: ((report: RelayReport) => void) | undefined
}

const optionNames = { relay: true, lease: true, report: true } as const satisfies Record<
  keyof OutboxOptions,
  true
>

/** What the types say, for whoever has none; and the lease in ms. @throws `option_invalid` */
export function checkOutbox(store: OutboxStore, options: OutboxOptions): { readonly leaseMs: number } {
  checkOptionNames('outbox', options, optionNames)
  if (typeof store !== 'object' || store === null || !('claim' in store)) {
    throw new TidingsError(
      'option_invalid',
      `outbox got ${shown(store)} as its store. Give where the events are saved: bus.outbox(sqliteOutbox('service.db')).`,
    )
  }
  const leaseMs = durationMs(options.lease ?? limits.relayLeaseMs)
  if (leaseMs > 0) return { leaseMs }
  throw new TidingsError(
    'option_invalid',
    'A lease of 0 ms is over before it begins. Leave it out, or give a few seconds.',
  )
}
