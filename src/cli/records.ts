import { limits } from '../index.ts'
import type { StoredRecord, TransportAdmin } from '../log/index.ts'

/** A part of one partition: from an offset up to, and without, another. */
export interface Range {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/**
 * The records of several partitions as one sequence in the order they were appended. The order within a partition
 * is the log's; between partitions it is that of `appendedAt`, as good as a clock is.
 */
export async function* recordsOf(
  admin: TransportAdmin,
  topic: string,
  ranges: readonly Range[],
): AsyncGenerator<StoredRecord> {
  const maxBytes = Math.ceil(limits.cliReadBytes / Math.max(1, ranges.length))
  const cursors = new Set(ranges.map((range) => new Cursor(admin, topic, range, maxBytes)))
  for (;;) {
    let first: Cursor | undefined
    for (const cursor of cursors) {
      if (cursor.next === undefined) await cursor.load()
      if (cursor.next === undefined) cursors.delete(cursor)
      else if (first?.next === undefined || cursor.next.appendedAt < first.next.appendedAt) first = cursor
    }
    if (first?.next === undefined) return
    yield first.next
    first.advance()
  }
}

/** A place in one partition, with the records read ahead. */
class Cursor {
  readonly #admin: TransportAdmin
  readonly #topic: string
  readonly #range: Range
  readonly #maxBytes: number
  #from: number
  #page: readonly StoredRecord[] = []
  #at = 0

  constructor(admin: TransportAdmin, topic: string, range: Range, maxBytes: number) {
    this.#admin = admin
    this.#topic = topic
    this.#range = range
    this.#maxBytes = maxBytes
    this.#from = range.from
  }

  /** Undefined when what was read ahead is used up. */
  get next(): StoredRecord | undefined {
    return this.#page[this.#at]
  }

  advance(): void {
    this.#at += 1
  }

  async load(): Promise<void> {
    this.#at = 0
    this.#page = []
    const { partition, to } = this.#range
    const maxRecords = Math.min(limits.cliReadEvents, to - this.#from)
    if (maxRecords <= 0) return
    const page = await this.#admin.read(this.#topic, partition, this.#from, {
      maxRecords,
      maxBytes: this.#maxBytes,
    })
    // Retention may have deleted the beginning meanwhile, so that what comes lies behind the end.
    this.#page = page.filter(({ offset }) => offset < to)
    this.#from = (page.at(-1)?.offset ?? to) + 1
  }
}

/** The last records of one partition that match, in offset order, reading backwards in growing steps. */
export async function lastRecordsOf(
  admin: TransportAdmin,
  topic: string,
  { partition, from, to }: Range,
  count: number,
  matches: (record: StoredRecord) => boolean,
): Promise<readonly StoredRecord[]> {
  const found: StoredRecord[] = []
  let step = count
  for (let high = to; high > from && found.length < count; step = Math.min(step * 2, limits.cliLastEvents)) {
    const low = Math.max(from, high - step)
    const records = await Array.fromAsync(recordsOf(admin, topic, [{ partition, from: low, to: high }]))
    found.unshift(...records.filter(matches))
    high = low
  }
  return found.slice(-count)
}
