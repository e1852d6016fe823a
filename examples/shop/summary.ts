import { decodeEvent } from 'tidings/event'
import type { PartitionLag, StoredRecord } from 'tidings/log'
import { orders as ordersTopic } from './catalog/catalog.ts'
import type { Reader, Shop } from './shop.ts'
import type { Tally } from './tally.ts'

export interface GroupSummary {
  /** Distinct events before the committed offset that the group has a handler for. */
  readonly handled: number
  readonly lag: number
  readonly deadLetters: number
}

export interface Summary {
  readonly orders: number
  readonly created: number
  readonly refused: Readonly<Record<string, number>>
  readonly events: Readonly<Record<string, number>>
  readonly groups: Readonly<Record<string, GroupSummary>>
  readonly revenueCents: number
  readonly elapsedMs: number
}

/** Where the shop stands: how commands were answered, and everything else as the stores have it. */
export async function summaryOf(shop: Shop, tally: Tally, elapsedMs: number): Promise<Summary> {
  const readings = await Promise.all(shop.readers.map((reader) => readingOf(shop, reader)))
  const events = Object.fromEntries(ordersTopic.types.map((type) => [type, 0]))
  const seen = new Set<string>()
  for await (const record of recordsOf(shop)) {
    const { type, source, id } = decodeEvent(record.encoded)
    const identity = `${source} ${id}`
    // A relay that was killed before it could note what it had published has published it again.
    if (!seen.has(identity)) events[type] = (events[type] ?? 0) + 1
    seen.add(identity)
    for (const reading of readings) reading.see(record, type, identity)
  }
  const groups = Object.fromEntries(readings.map(({ name, summary }) => [name, summary]))
  return {
    orders: tally.orders,
    created: tally.created,
    refused: Object.fromEntries(Object.entries(tally.refused).toSorted(([a], [b]) => a.localeCompare(b))),
    events,
    groups,
    revenueCents: await shop.figures.revenueCents(),
    elapsedMs: Math.round(elapsedMs),
  }
}

/** What one group has handled, found out while the log is read. */
class Reading {
  readonly name: string
  readonly #types: ReadonlySet<string>
  readonly #lags: readonly PartitionLag[]
  readonly #deadLetters: number
  readonly #handled = new Set<string>()

  constructor({ name, types }: Reader, lags: readonly PartitionLag[], deadLetters: number) {
    this.name = name
    this.#types = new Set(types)
    this.#lags = lags
    this.#deadLetters = deadLetters
  }

  see({ topic, partition, offset }: StoredRecord, type: string, identity: string): void {
    const place = this.#lags.find((each) => each.topic === topic && each.partition === partition)
    if (this.#types.has(type) && offset < (place?.committed ?? 0)) this.#handled.add(identity)
  }

  get summary(): GroupSummary {
    const lag = this.#lags.reduce((sum, each) => sum + each.lag, 0)
    return { handled: this.#handled.size, lag, deadLetters: this.#deadLetters }
  }
}

async function readingOf({ bus }: Shop, reader: Reader): Promise<Reading> {
  const lags = await bus.admin.lag(reader.name)
  return new Reading(
    reader,
    lags,
    await bus.deadLetters.count({ group: reader.name, states: ['dead', 'requested'] }),
  )
}

/** The whole log, a page at a time. */
export async function* recordsOf({ bus }: Shop): AsyncGenerator<StoredRecord> {
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
