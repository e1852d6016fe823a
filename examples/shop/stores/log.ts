import { setTimeout as sleep } from 'node:timers/promises'
import { type Bus, connect, openBus } from 'tidings'
import type { Outbox, Report } from 'tidings/bus'
import type { Catalog, Topic, TypesOf } from 'tidings/catalog'
import type { Capabilities } from 'tidings/log'
import type { OutboxStore } from 'tidings/outbox'
import { postgresOutbox, postgresStreams } from 'tidings/postgres'
import { sqlite, sqliteOutbox } from 'tidings/sqlite'
import type { Mapping, StreamStore } from 'tidings/streams'
import { type OrdersService, openOrders } from '../orders/orders-service.ts'
import type { Transaction } from '../transaction.ts'
import type { FilePlace, LogElsewhere, Place, ServerPlace } from './place.ts'
import { openPool } from './postgres-pool.ts'

/** A log, and the data of the orders service, which commit together with what it publishes. */
export interface Log<Types extends string> extends AsyncDisposable {
  readonly bus: Bus<Capabilities, Types>
  /** @param source of the build that asks. @param mappings what it publishes. */
  orders(source: string, mappings: readonly Mapping<NoInfer<Types>>[]): OrdersService
  /** From now on what is committed comes into the log; before, it waits where it is committed. */
  relay(): void
  /** Fulfils when all that was committed so far is in the log. */
  published(): Promise<void>
}

export interface LogOptions<Topics extends readonly Topic[]> {
  readonly source: string
  readonly catalog: Catalog<Topics>
  readonly report?: Report | undefined
  readonly drainOn?: readonly NodeJS.Signals[] | false | undefined
}

const lookAgainMs = 20

/**
 * Opens the log. Where it is in the file of the orders, what is published in their transaction is in the log at once; elsewhere it
 * waits in an outbox beside them, and one bus relays it.
 */
export async function openLog<const Topics extends readonly Topic[]>(
  place: Place,
  options: LogOptions<Topics>,
): Promise<Log<TypesOf<Catalog<Topics>>>> {
  return 'store' in place ? besideServer(place, options) : inFile(place, options)
}

/** The log for a service that only reads it. */
export async function joinLog<const Topics extends readonly Topic[]>(
  place: Place,
  options: LogOptions<Topics>,
): Promise<Bus<Capabilities, TypesOf<Catalog<Topics>>>> {
  if ('store' in place) return busAt(place.elsewhere, options)
  if (place.elsewhere !== undefined) return busAt(place.elsewhere, options)
  return openBus({ ...options, transport: await sqlite(place.file) })
}

async function inFile<const Topics extends readonly Topic[]>(
  { file, elsewhere }: FilePlace,
  options: LogOptions<Topics>,
): Promise<Log<TypesOf<Catalog<Topics>>>> {
  await using opened = new AsyncDisposableStack()
  const rows = opened.adopt(await sqlite(file), (engine) => engine.close())
  if (elsewhere === undefined) {
    const bus = opened.use(await openBus({ ...options, transport: rows }))
    return logOf(bus, rows.streams(), bus.outbox(), () => undefined, opened.move())
  }
  const store = opened.adopt(sqliteOutbox(rows.database), (outbox) => outbox.close())
  const bus = opened.use(await busAt(elsewhere, options))
  return logOf(bus, rows.streams(), ...relayed(bus, store), opened.move())
}

async function besideServer<const Topics extends readonly Topic[]>(
  { store: url, elsewhere }: ServerPlace,
  options: LogOptions<Topics>,
): Promise<Log<TypesOf<Catalog<Topics>>>> {
  await using opened = new AsyncDisposableStack()
  const { pool, schema } = opened.use(await openPool(url, 'orders'))
  const store = opened.adopt(postgresOutbox(pool, { schema }), (outbox) => outbox.close())
  const streams = opened.adopt(postgresStreams(pool, { schema }), (each) => each.close())
  const bus = opened.use(await busAt(elsewhere, options))
  return logOf(bus, streams, ...relayed(bus, store), opened.move())
}

async function busAt<const Topics extends readonly Topic[]>(
  { url, namespace }: LogElsewhere,
  options: LogOptions<Topics>,
): Promise<Bus<Capabilities, TypesOf<Catalog<Topics>>>> {
  return openBus({ ...options, transport: await connect(url), namespace })
}

/** An outbox, and what starts its relay. */
function relayed<T extends Transaction, Types extends string>(
  bus: Bus<Capabilities, Types>,
  store: OutboxStore<T>,
): [Outbox<T, Types>, () => void] {
  return [bus.outbox(store, { relay: false }), () => void bus.outbox(store)]
}

function logOf<T extends Transaction, Types extends string>(
  bus: Bus<Capabilities, Types>,
  store: StreamStore<T>,
  outbox: Outbox<T, Types>,
  relay: () => void,
  opened: AsyncDisposableStack,
): Log<Types> {
  return {
    bus,
    relay,
    orders: (source, mappings) => openOrders({ store, source, outbox, mappings }),
    async published() {
      while ((await outbox.figures()).pending > 0) await sleep(lookAgainMs)
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
