import { setTimeout as sleep } from 'node:timers/promises'
import { decodeEvent } from 'tidings/event'
import type { StoredRecord } from 'tidings/log'
import { orders as ordersTopic } from './catalog/catalog.ts'
import type { ShopParts } from './shop.ts'

/** What has happened in the shop. */
export interface Account {
  /** Distinct events that were published, by type. */
  readonly events: Readonly<Record<string, number>>
  /** Distinct events that each group is done with, handled or a dead letter, of those that it has a handler for. */
  readonly done: Readonly<Record<string, number>>
}

/** As the log says where it can be read again, and elsewhere the services' own data. */
export function accountOf(shop: ShopParts): Promise<Account> {
  return shop.bus.capabilities.replay.start ? accountOfLog(shop) : accountOfServices(shop)
}

const lookAgainMs = 100

/** Fulfils when the services' own data have all that the orders service has told. */
export async function allAccountedFor(shop: ShopParts): Promise<void> {
  for (;;) {
    const { events, done } = await accountOfServices(shop)
    const isDone = ({ name, types }: ShopParts['readers'][number]): boolean =>
      (done[name] ?? 0) >= types.reduce((sum, type) => sum + (events[type] ?? 0), 0)
    if (shop.readers.every(isDone)) return
    await sleep(lookAgainMs)
  }
}

async function accountOfServices({
  bus,
  readers,
  orders,
  mailer,
  figures,
  stock,
}: ShopParts): Promise<Account> {
  const counted = Object.values(await figures.statuses()).reduce((sum, count) => sum + count, 0)
  const handled: Readonly<Record<string, number>> = {
    notifications: await mailer.sent(),
    analytics: counted,
    inventory: await stock.orders(),
  }
  const done = readers.map(
    async ({ name }) => [name, (handled[name] ?? 0) + (await deadLettersOf(bus, name))] as const,
  )
  return { events: await orders.told(), done: Object.fromEntries(await Promise.all(done)) }
}

/** Of a group, those that nobody has discarded. */
export function deadLettersOf({ deadLetters }: ShopParts['bus'], group: string): Promise<number> {
  return deadLetters.count({ group, states: ['dead', 'requested'] })
}

async function accountOfLog(shop: ShopParts): Promise<Account> {
  const groups = await Promise.all(
    shop.readers.map(async ({ name, types }) => ({
      name,
      types,
      lags: await shop.bus.admin.lag(name),
      done: new Set<string>(),
    })),
  )
  const events = Object.fromEntries(ordersTopic.types.map((type) => [type, 0]))
  const seen = new Set<string>()
  for await (const { topic, partition, offset, encoded } of recordsOf(shop)) {
    const { type, source, id } = decodeEvent(encoded)
    const identity = `${source} ${id}`
    // A relay that was killed before it could note what it had published has published it again.
    if (!seen.has(identity)) events[type] = (events[type] ?? 0) + 1
    seen.add(identity)
    for (const { types, lags, done } of groups) {
      const place = lags.find((each) => each.topic === topic && each.partition === partition)
      if (types.includes(type) && offset < (place?.committed ?? 0)) done.add(identity)
    }
  }
  return { events, done: Object.fromEntries(groups.map(({ name, done }) => [name, done.size])) }
}

/** The whole log, a page at a time. */
export async function* recordsOf({ bus }: Pick<ShopParts, 'bus'>): AsyncGenerator<StoredRecord> {
  const page = { maxRecords: 1_000, maxBytes: 4_194_304 }
  for (const { name, bounds } of await bus.admin.topics()) {
    for (const { partition, begin, end } of bounds) {
      let from = begin
      while (from < end) {
        const records = await bus.admin.read(name, partition, from, page)
        yield* records
        from = (records.at(-1)?.offset ?? end) + 1
      }
    }
  }
}
