import { randomUUID } from 'node:crypto'
import {
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterList,
  type DeadLetterPage,
  type DeadLetterPlace,
  type DeadLetterState,
  type DeadLetterStore,
  discardReasonOf,
  firstPage,
} from '../dead-letter/index.ts'
import { limits, Listeners } from '../kernel/index.ts'
import { type Fence, fencedBy } from '../log/index.ts'
import type { Broker } from './broker.ts'
import {
  DeadLetterIndex,
  type DeadLetterWrite,
  entryOf,
  type StoredEntry,
  storedForm,
} from './dead-letter-index.ts'
import { StreamLog } from './stream-log.ts'

export const deadLetterQueue = 'tidings.dead-letters'

export interface DeadLetterStoreOptions {
  readonly broker: Broker
  /** Whether the stream is declared before something is written. */
  readonly create: boolean
  /** Who owns a partition of a group; undefined where it is nobody of this process. */
  readonly ownerOf: (fence: Fence) => number | undefined | Promise<number | undefined>
  readonly queue?: string | undefined
  /** What the stream holds. */
  readonly maxBytes?: number | undefined
}

/**
 * Dead letters in a stream queue, which every process follows. An owner is asked after right before it writes; RabbitMQ
 * has no write that depends on it. Of two changes of one entry at the same time the later one counts.
 */
export class RabbitmqDeadLetterStore implements DeadLetterStore {
  readonly #log: StreamLog
  readonly #ownerOf: DeadLetterStoreOptions['ownerOf']
  readonly #index = new DeadLetterIndex()
  readonly #listeners = new Listeners()
  readonly #writer = randomUUID()
  readonly #maxBytes: number
  #warned = false

  constructor({
    broker,
    create,
    ownerOf,
    queue = deadLetterQueue,
    maxBytes = limits.rabbitmqDeadLetterBytes,
  }: DeadLetterStoreOptions) {
    this.#ownerOf = ownerOf
    const read = (content: Buffer | undefined, offset: number): void => this.#read(content, offset)
    this.#maxBytes = maxBytes
    this.#log = new StreamLog({ broker, queue, create, maxBytes, read })
  }

  async put(owner: Fence, entries: readonly DeadLetter[]): Promise<void> {
    await this.#checkOwner(owner)
    await this.#view()
    await this.#write(entries, this.#index.replacedBy(entries))
    await this.#keepOpen()
  }

  async resolve(owner: Fence, id: string): Promise<void> {
    await this.#checkOwner(owner)
    await this.#log.refresh()
    const state = this.#index.entry(id)?.state
    if (state === 'set-aside' || state === 'parked') await this.#write([], [id])
    else if (state === 'requested')
      await this.#change(id, ['requested'], { state: 'handled', nextAttemptAt: undefined })
  }

  async open(
    group: string,
    topic: string,
    partition: number,
    states: readonly DeadLetterState[],
  ): Promise<readonly DeadLetterPlace[]> {
    await this.#log.refresh()
    return this.#index
      .matching({ group, topic, states })
      .filter((entry) => entry.partition === partition)
      .toSorted((a, b) => a.offset - b.offset)
      .map(({ id, offset, key, state, attempts, nextAttemptAt }) => {
        return { id, offset, key, state, attempts, nextAttemptAt }
      })
  }

  async request(ids: readonly string[]): Promise<readonly string[]> {
    const anew = { state: 'requested', attempts: 0, nextAttemptAt: undefined } as const
    await this.#log.refresh()
    const requested: string[] = []
    for (const id of ids) if (await this.#change(id, ['dead'], anew)) requested.push(id)
    if (requested.length > 0) this.#listeners.tell()
    return requested
  }

  async discard(id: string, reason: string): Promise<boolean> {
    const discardReason = discardReasonOf(reason)
    const ended = { state: 'discarded', discardReason, nextAttemptAt: undefined } as const
    await this.#log.refresh()
    const discarded = await this.#change(id, ['set-aside', 'dead', 'parked', 'requested'], ended)
    if (discarded) this.#listeners.tell()
    return discarded
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    await this.#view()
    return this.#entry(id)
  }

  async list(
    filter: DeadLetterFilter = {},
    { limit, after }: DeadLetterPage = firstPage,
  ): Promise<DeadLetterList> {
    await this.#view()
    const found = this.#index
      .matching(filter)
      .filter(({ id }) => after === undefined || id > after)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const page = found.slice(0, limit)
    const entries: DeadLetter[] = []
    for (const { id } of page) {
      const entry = await this.#entry(id)
      if (entry !== undefined) entries.push(entry)
    }
    return { entries, next: found.length > limit ? page.at(-1)?.id : undefined }
  }

  async count(filter: DeadLetterFilter = {}): Promise<number> {
    await this.#view()
    return this.#index.matching(filter).length
  }

  watch(changed: () => void): () => void {
    const stop = this.#listeners.add(changed)
    // From then on the stream is followed.
    this.#view().catch(() => undefined)
    return stop
  }

  close(): void {
    this.#listeners.clear()
    this.#log.close()
  }

  /** The stream is followed all the time; this asks whether it still is. */
  #view(): Promise<void> {
    return this.#log.refresh(limits.rabbitmqViewMs)
  }

  async #checkOwner(owner: Fence): Promise<void> {
    const newest = await this.#ownerOf(owner)
    if (newest !== owner.generation) throw fencedBy(owner, newest)
  }

  /** Changes an entry that is in one of these states; true when it was. */
  async #change(id: string, from: readonly DeadLetterState[], fields: Partial<DeadLetter>): Promise<boolean> {
    const known = this.#index.entry(id)
    if (known === undefined || !from.includes(known.state)) return false
    const entry = await this.#entry(id)
    if (entry === undefined) return false
    await this.#write([{ ...entry, ...fields }], [])
    return true
  }

  /**
   * In one entry of the stream, all or none; in several where they are too large for one.
   * @param from where each stood, of what is only written once more.
   */
  async #write(
    entries: readonly DeadLetter[],
    removed: readonly string[],
    from?: readonly number[],
  ): Promise<void> {
    const stored = entries.map(storedForm)
    for (let first = 0; first < stored.length || first === 0; ) {
      const next = first + Math.max(1, fitting(stored, first))
      const write: DeadLetterWrite = {
        by: this.#writer,
        put: stored.slice(first, next),
        removed: first === 0 ? removed : [],
        from: from?.slice(first, next),
      }
      await this.#log.append(Buffer.from(JSON.stringify(write)))
      first = next
    }
  }

  /** The stream drops its beginning: what is open there is written once more before, some with each write. */
  async #keepOpen(): Promise<void> {
    const half = this.#maxBytes / 2
    if (this.#index.openBytes > half) return this.#warn()
    const old = this.#index.openBefore(half, limits.rabbitmqKeptAtOnce)
    const found = await Promise.all(old.map(async ({ id, at }) => ({ at, entry: await this.#entry(id) })))
    const kept = found.flatMap(({ at, entry }) => (entry === undefined ? [] : [{ at, entry }]))
    if (kept.length === 0) return
    await this.#write(
      kept.map(({ entry }) => entry),
      [],
      kept.map(({ at }) => at),
    )
  }

  #warn(): void {
    if (this.#warned) return
    this.#warned = true
    process.emitWarning(
      `Dead letters take more than half of the ${this.#maxBytes} bytes that RabbitMQ's stream of them keeps: the oldest will be dropped. Redrive or discard some.`,
    )
  }

  async #entry(id: string): Promise<DeadLetter | undefined> {
    const known = this.#index.entry(id)
    if (known === undefined) return undefined
    const content = await this.#log.entryAt(known.at)
    if (content === undefined) return undefined
    const stored = writeOf(content).put[known.nth]
    return stored && entryOf(stored)
  }

  #read(content: Buffer | undefined, offset: number): void {
    if (content === undefined) return
    const write = writeOf(content)
    this.#index.apply(write, offset, content.length)
    const asked = write.put.some(({ state }) => state === 'requested' || state === 'discarded')
    if (asked && write.by !== this.#writer) this.#listeners.tell()
  }
}

/** How many from one on go into one entry; one always does. */
function fitting(stored: readonly StoredEntry[], from: number): number {
  let bytes = 0
  let count = 0
  for (const { encoded, body, stack, message } of stored.slice(from)) {
    bytes += (encoded ?? body ?? '').length + stack.length + message.length + entryOverheadBytes
    if (count > 0 && bytes > limits.rabbitmqEntryBytes) break
    count += 1
  }
  return count
}

const entryOverheadBytes = 1_024

function writeOf(content: Buffer): DeadLetterWrite {
  return JSON.parse(content.toString())
}
