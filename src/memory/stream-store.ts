import { type Clock, Listeners, limits, TidingsError } from '../kernel/index.ts'
import {
  type Appended,
  type AppendOptions,
  appendedAlready,
  checkVersion,
  type ReadStream,
  type StoredSnapshot,
  type StreamEvent,
  type StreamId,
  type StreamRecord,
  type StreamStore,
  type StreamSummary,
} from '../streams/index.ts'
import { clockOf, type MemoryOptions } from './options.ts'
import { type MemoryTransaction, memoryTransaction } from './transaction.ts'

interface Stream {
  readonly id: StreamId
  /** What is left of it. */
  records: readonly StreamRecord[]
  version: number
  appendedAt: number
}

/** The reference StreamStore. */
class MemoryStreamStore implements StreamStore<MemoryTransaction> {
  readonly #clock: Clock
  readonly #streams = new Map<string, Stream>()
  /** Of a stream, by key. */
  readonly #snapshots = new Map<string, ReadonlyMap<string, StoredSnapshot>>()
  readonly #byEventId = new Map<string, StreamRecord>()
  #all: StreamRecord[] = []
  #position = 0
  readonly #listeners = new Listeners()
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async append(
    id: StreamId,
    events: readonly StreamEvent[],
    { expected, within }: AppendOptions<MemoryTransaction>,
  ): Promise<Appended> {
    this.#checkOpen()
    const stream = this.#streamOf(id)
    const before =
      events.length === 0 ? undefined : appendedAlready(id, events, (eventId) => this.#byEventId.get(eventId))
    if (before !== undefined) return { version: before, written: false }
    checkVersion(id, expected, stream.version)
    memoryTransaction((tx) => {
      // What `within` writes comes with the events: it commits after them.
      tx.afterCommit(() => this.#write(stream, events))
      return within?.(tx)
    })
    if (events.length > 0) this.#listeners.tell()
    return { version: stream.version, written: true }
  }

  async read(
    id: StreamId,
    { direction = 'forward', from, limit }: ReadStream,
  ): Promise<readonly StreamRecord[]> {
    this.#checkOpen()
    const { records } = this.#streamOf(id)
    if (direction === 'forward') {
      const first = from ?? 1
      return records.filter(({ version }) => version >= first).slice(0, limit)
    }
    const last = from ?? Number.POSITIVE_INFINITY
    return records
      .filter(({ version }) => version <= last)
      .toReversed()
      .slice(0, limit)
  }

  async readAll({
    after,
    names,
    limit,
  }: Parameters<StreamStore['readAll']>[0]): Promise<readonly StreamRecord[]> {
    return this.#after(after, names).slice(0, limit)
  }

  async countAll({ after, names }: Parameters<StreamStore['countAll']>[0]): Promise<number> {
    return this.#after(after, names).length
  }

  async find(eventId: string): Promise<StreamRecord | undefined> {
    this.#checkOpen()
    return this.#byEventId.get(eventId)
  }

  async truncate(id: StreamId, before: number): Promise<number> {
    this.#checkOpen()
    const stream = this.#streamOf(id)
    const gone = new Set(stream.records.filter(({ version }) => version < Math.min(before, stream.version)))
    stream.records = stream.records.filter((record) => !gone.has(record))
    this.#all = this.#all.filter((record) => !gone.has(record))
    for (const record of gone) this.#byEventId.delete(record.id)
    return gone.size
  }

  async list(
    name: string,
    { after, limit }: Parameters<StreamStore['list']>[1],
  ): Promise<readonly StreamSummary[]> {
    this.#checkOpen()
    return [...this.#streams.values()]
      .filter(({ id, version }) => id.name === name && version > 0 && (after === undefined || id.id > after))
      .toSorted((a, b) => (a.id.id < b.id.id ? -1 : 1))
      .slice(0, limit)
      .map(({ id, version, appendedAt }) => ({ stream: id, version, appendedAt }))
  }

  async loadSnapshot(id: StreamId, key: string): Promise<StoredSnapshot | undefined> {
    this.#checkOpen()
    return this.#snapshots.get(keyOf(id))?.get(key)
  }

  async saveSnapshot(id: StreamId, key: string, snapshot: StoredSnapshot): Promise<void> {
    this.#checkOpen()
    const kept = new Map(this.#snapshots.get(keyOf(id)))
    if ((kept.get(key)?.version ?? 0) >= snapshot.version) return
    kept.delete(key)
    const others = [...kept].toSorted(([, a], [, b]) => b.version - a.version)
    this.#snapshots.set(keyOf(id), new Map([[key, snapshot], ...others.slice(0, limits.streamSnapshots - 1)]))
  }

  watch(changed: () => void): () => void {
    return this.#listeners.add(changed)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#listeners.clear()
  }

  #streamOf(id: StreamId): Stream {
    return this.#streams.get(keyOf(id)) ?? { id, records: [], version: 0, appendedAt: 0 }
  }

  #write(stream: Stream, events: readonly StreamEvent[]): void {
    const records = events.map((event, index) => ({
      ...event,
      stream: stream.id,
      version: stream.version + index + 1,
      position: String(++this.#position),
    }))
    if (records.length === 0) return
    stream.records = [...stream.records, ...records]
    stream.version += records.length
    stream.appendedAt = this.#clock.now()
    this.#streams.set(keyOf(stream.id), stream)
    this.#all.push(...records)
    for (const record of records) this.#byEventId.set(record.id, record)
  }

  #after(after: string | undefined, names: readonly string[] | undefined): StreamRecord[] {
    this.#checkOpen()
    const from = Number(after ?? 0)
    return this.#all.filter(
      ({ position, stream }) => Number(position) > from && (names?.includes(stream.name) ?? true),
    )
  }

  #checkOpen(): void {
    if (this.#isClosed)
      throw new TidingsError(
        'engine_closed',
        'The stream store is closed. Close it last, or open another one.',
      )
  }
}

function keyOf({ name, id }: StreamId): string {
  return JSON.stringify([name, id])
}

/** A stream store for tests and first steps, gone with the process. */
export function memoryStreams(options: MemoryOptions = {}): StreamStore<MemoryTransaction> {
  return new MemoryStreamStore(clockOf('memoryStreams()', options))
}
