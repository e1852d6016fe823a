import { crc32 } from 'node:zlib'
import { limits, TidingsError } from '../kernel/index.ts'
import { type AppendRecord, partitionName } from '../log/index.ts'
import type { Database } from './database.ts'
import { only, type Row, time } from './sql.ts'
import { headMissing, type TopicTable } from './topic-table.ts'

interface Waiting {
  readonly records: readonly AppendRecord[]
  readonly fulfil: () => void
  readonly reject: (error: unknown) => void
}

/** What an append has done. */
export interface AppendResult {
  readonly partitions: ReadonlySet<string>
  readonly delayed: boolean
}

/** Appends records: those of calls that come while one is written go with the next, in their order. */
export class Appender {
  readonly #database: Database
  readonly #topics: TopicTable
  readonly #appended: (result: AppendResult) => void
  readonly #append: string
  readonly #appendOrDelay: string
  /** What has to be over before records are looked at. */
  #before: Promise<unknown> = Promise.resolve()
  #waiting: Waiting[] = []
  #pendingRecords = 0
  #pendingBytes = 0
  #flushing: Promise<void> | undefined

  /** @param appended is called after each commit, before those who wait for it are told. */
  constructor(database: Database, topics: TopicTable, appended: (result: AppendResult) => void) {
    this.#database = database
    this.#topics = topics
    this.#appended = appended
    const { schema } = database
    this.#append = `SELECT ${schema}.append_records($1, $2, $3, $4, $5, ${bodies('$6')}, $7, ${time('$8')}) AS appended, false AS waiting`
    this.#appendOrDelay = `SELECT appended, waiting FROM ${schema}.append_or_delay($1, ${bodies('$2')}, $3, $4, ${time('$5')})`
  }

  /** What is appended from now on waits for this: a topic that is being created is there then. */
  after(step: Promise<unknown>): void {
    this.#before = Promise.allSettled([this.#before, step])
  }

  append(records: readonly AppendRecord[]): Promise<void> {
    const bytes = bytesOf(records)
    const overloaded =
      this.#pendingRecords + records.length > limits.publishPendingRecords ||
      this.#pendingBytes + bytes > limits.publishPendingBytes
    if (overloaded && this.#pendingRecords > 0) return Promise.reject(overload(this.#pendingRecords))
    this.#pendingRecords += records.length
    this.#pendingBytes += bytes
    return new Promise<void>((fulfil, reject) => {
      this.#waiting.push({ records, fulfil, reject })
      this.#flushing ??= this.#flush()
    }).finally(() => {
      this.#pendingRecords -= records.length
      this.#pendingBytes -= bytes
    })
  }

  /** Fulfils when nothing waits. */
  async settled(): Promise<void> {
    await this.#flushing
  }

  async #flush(): Promise<void> {
    // Those of this turn of the event loop come along.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      await this.#before
      await this.#appendTogether(this.#take())
    }
    this.#flushing = undefined
  }

  #take(): readonly Waiting[] {
    let records = 0
    let bytes = 0
    let count = 0
    for (const each of this.#waiting) {
      records += each.records.length
      bytes += bytesOf(each.records)
      if (count > 0 && (records > limits.groupCommitRecords || bytes > limits.groupCommitBytes)) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  async #appendTogether(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#topics.look(batch.flatMap(({ records }) => records.map(({ topic }) => topic)))
      const good: Waiting[] = []
      for (const each of batch) {
        const lost = each.records.find((record) => this.#slotOf(record) === undefined)
        if (lost === undefined) good.push(each)
        else each.reject(await this.#topics.missing(lost.topic, lost.partition))
      }
      await this.#write(good.flatMap(({ records }) => records))
      for (const { fulfil } of good) fulfil()
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  async #write(records: readonly AppendRecord[]): Promise<void> {
    if (records.length === 0) return
    const delays = records.some(({ notBefore }) => notBefore !== undefined)
    const row = only(await (delays ? this.#writeOrDelay(records) : this.#writeAll(records)))
    const slots = new Set(row['appended'] as readonly number[] | null)
    const appended = records.filter((record) => slots.has(this.#slotOf(record) ?? -1))
    if (appended.length < records.length && row['waiting'] !== true) throw headMissing()
    const partitions = new Set(appended.map(({ topic, partition }) => partitionName(topic, partition)))
    this.#appended({ partitions, delayed: row['waiting'] === true })
  }

  #writeAll(records: readonly AppendRecord[]): Promise<readonly Row[]> {
    const heads = new Map<number, { count: number; bytes: number }>()
    const slots = records.map((record) => this.#slotOf(record) ?? -1)
    const ranks = records.map(({ body }, index) => {
      const slot = slots[index] ?? -1
      const head = heads.get(slot) ?? { count: 0, bytes: 0 }
      heads.set(slot, head)
      head.bytes += Buffer.byteLength(body)
      return head.count++
    })
    return this.#database.query(this.#append, [
      [...heads.keys()],
      [...heads.values()].map(({ count }) => count),
      [...heads.values()].map(({ bytes }) => bytes),
      slots,
      ranks,
      ...contentOf(records),
      this.#database.nowMs,
    ])
  }

  #writeOrDelay(records: readonly AppendRecord[]): Promise<readonly Row[]> {
    return this.#database.query(this.#appendOrDelay, [
      records.map((record) => this.#slotOf(record)),
      ...contentOf(records),
      records.map(({ notBefore }) => notBefore ?? null),
      this.#database.nowMs,
    ])
  }

  #slotOf({ topic, partition }: AppendRecord): number | undefined {
    return this.#topics.known(topic, partition)
  }
}

/** Stands in no JSON, where control characters are escaped: so it parts texts of it, as in RFC 7464. */
const recordSeparator = '\u{1E}'

/** SQL of an array of texts: as an array of `pg` every quotation mark in them would be escaped, and parsed again. */
function bodies(parameter: string): string {
  return `string_to_array(${parameter}, E'\\x1E')`
}

function contentOf(records: readonly AppendRecord[]): [string, number[]] {
  return [records.map(({ body }) => body).join(recordSeparator), records.map(({ body }) => crc32(body))]
}

function bytesOf(records: readonly AppendRecord[]): number {
  let bytes = 0
  for (const { body } of records) bytes += body.length
  return bytes
}

function overload(pending: number): TidingsError {
  return new TidingsError(
    'publish_overloaded',
    `${pending} events wait for PostgreSQL already, more than it takes. Await publishes before you make more.`,
  )
}
