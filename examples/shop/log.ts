import { setTimeout as sleep } from 'node:timers/promises'
import { type Bus, connect, openBus } from 'tidings'
import type { Outbox, Report } from 'tidings/bus'
import type { Catalog, Topic, TypesOf } from 'tidings/catalog'
import type { Capabilities } from 'tidings/log'
import { type SqliteEngine, type SqliteTransaction, sqlite, sqliteOutbox } from 'tidings/sqlite'

/** Where the shop keeps its things. */
export interface LogPlace {
  /** The orders; unless `elsewhere` is said, also the log. The other services' files lie beside it. */
  readonly file: string
  /** An engine that is not a file. */
  readonly elsewhere?: { readonly url: string; readonly namespace: string } | undefined
}

/** A log, and the rows of the orders service, which commit together with what it publishes. */
export interface Log<Types extends string> extends AsyncDisposable {
  readonly bus: Bus<Capabilities, Types>
  readonly rows: SqliteEngine
  readonly outbox: Outbox<SqliteTransaction, Types>
  /** Fulfils when all that was committed so far is in the log. */
  published(): Promise<void>
}

export interface LogOptions<Topics extends readonly Topic[]> {
  readonly source: string
  readonly catalog: Catalog<Topics>
  readonly report?: Report | undefined
  readonly drainOn?: false | undefined
}

const lookAgainMs = 20

/**
 * Opens the log. Where it is in the file of the orders, what is published in their transaction is in the log at once; elsewhere it
 * waits in an outbox in that file, and the bus relays it.
 */
export async function openLog<const Topics extends readonly Topic[]>(
  { file, elsewhere }: LogPlace,
  options: LogOptions<Topics>,
): Promise<Log<TypesOf<Catalog<Topics>>>> {
  await using opened = new AsyncDisposableStack()
  const rows = opened.adopt(await sqlite(file), (engine) => engine.close())
  if (elsewhere === undefined) {
    const bus = opened.use(await openBus({ ...options, transport: rows }))
    return logOf(bus, rows, bus.outbox(), opened.move())
  }
  const { url, namespace } = elsewhere
  const store = opened.adopt(sqliteOutbox(rows.database), (outbox) => outbox.close())
  const bus = opened.use(await openBus({ ...options, transport: await connect(url), namespace }))
  return logOf(bus, rows, bus.outbox(store), opened.move())
}

function logOf<Types extends string>(
  bus: Bus<Capabilities, Types>,
  rows: SqliteEngine,
  outbox: Outbox<SqliteTransaction, Types>,
  opened: AsyncDisposableStack,
): Log<Types> {
  return {
    bus,
    rows,
    outbox,
    async published() {
      while ((await outbox.figures()).pending > 0) await sleep(lookAgainMs)
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
