import { setTimeout } from 'node:timers/promises'
import { openBus } from 'tidings'
import { memory } from 'tidings/memory'
import type { OutboxStore } from 'tidings/outbox'
import { sqlite, sqliteOutbox } from 'tidings/sqlite'
import { openService } from '../raw/outbox-sqlite.ts'
import type { Rate } from '../sqlite/publish.ts'
import { catalog, order, orderPlaced } from '../sqlite/shop.ts'

export interface RelayOptions {
  /** Of the SQLite outbox. */
  readonly file: string
  readonly logFile: string
  /** Of the PostgreSQL outbox. */
  readonly url?: string | undefined
  readonly schema?: string | undefined
  readonly events: number
  /** Rows that the yardstick moves at once: as many as the relay. */
  readonly batch: number
}

const lookEveryMs = 20

/** Fills an outbox in a SQLite file; nobody relays. */
export async function fillSqlite({ file, events }: RelayOptions): Promise<Rate> {
  const database = openService(file)
  const store = sqliteOutbox(database)
  await using bus = await openBus({ transport: memory(), source: '/bench', catalog, drainOn: false })
  const outbox = bus.outbox(store, { relay: false })
  const startedMs = performance.now()
  for (let from = 0; from < events; from += 1_000) {
    database.exec('BEGIN IMMEDIATE')
    const numbers = Array.from({ length: Math.min(1_000, events - from) }, (_, index) => from + index)
    outbox.add(
      database,
      numbers.map((number) => orderPlaced.create(order(number))),
    )
    database.exec('COMMIT')
  }
  const perSecond = (events / (performance.now() - startedMs)) * 1_000
  await store.close()
  database.close()
  return { perSecond }
}

/** From the start of the relay until nothing is pending. */
export async function relayFromSqlite(options: RelayOptions): Promise<Rate> {
  return relayFrom(sqliteOutbox(options.file), options)
}

export async function relayFrom(store: OutboxStore, { logFile }: RelayOptions): Promise<Rate> {
  const { pending } = await store.figures()
  await using bus = await openBus({
    transport: await sqlite(logFile),
    source: '/bench',
    catalog,
    drainOn: false,
  })
  const published = async (): Promise<number> =>
    (await bus.admin.topics())
      .flatMap(({ bounds }) => bounds.map(({ end }) => end))
      .reduce((sum, end) => sum + end, 0)
  const startedMs = performance.now()
  bus.outbox(store)
  // The log is asked, since to count what is pending costs the outbox; when all is there, the last batch has to be settled.
  while ((await published()) < pending) await setTimeout(lookEveryMs)
  while ((await store.figures()).pending > 0) await setTimeout(lookEveryMs)
  const perSecond = (pending / (performance.now() - startedMs)) * 1_000
  if ((await published()) > pending) throw new Error('Some events are in the log again.')
  await bus.drain()
  await store.close()
  return { perSecond }
}
