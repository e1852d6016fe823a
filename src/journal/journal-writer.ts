import { type Clock, isTidingsError, limits, type Timer } from '../kernel/index.ts'
import type { DeliveryEntry } from './entries.ts'
import type { DeliveriesData } from './journal-events.ts'

export type Reported = DeliveriesData['deliveries'][number]

export interface JournalWriterOptions {
  readonly service: string
  readonly member: string
  readonly group: string
  /** Publishes entries; what it rejects with is tried again. */
  readonly send: (data: DeliveriesData) => Promise<void>
  readonly clock: Clock
  /** Told once when entries begin to be lost. */
  readonly lost: (error: unknown) => void
}

/** Entries that follow each other without a gap, at most `limits.journalEntries`; `before` counts all that came before. */
interface Chunk {
  before: number
  entries: Reported[]
}

/**
 * Collects what a member reports, and sends it every `limits.journalEveryMs`, or when there are `limits.journalEntries`. A
 * journal that does not answer holds nobody up: over `limits.journalPending` the oldest entries are given up, and
 * counted. A process that is killed loses what it has not sent.
 */
export class JournalWriter {
  readonly #options: JournalWriterOptions
  readonly #chunks: Chunk[] = []
  #timer: Timer | undefined
  #sending: Promise<void> | undefined
  #count = 0
  #lost = 0
  /** The last attempt has failed: the next one waits for its time. */
  #failing = false
  #closed = false

  constructor(options: JournalWriterOptions) {
    this.#options = options
  }

  /** Never throws, never waits. */
  add(entry: Reported): void {
    if (this.#closed) return
    const last = this.#chunks.at(-1)
    const chunk = last === undefined || last.entries.length >= limits.journalEntries ? this.#begin() : last
    chunk.entries.push(entry)
    this.#count += 1
    if (chunk.entries.length >= limits.journalEntries && !this.#failing) void this.flush()
    else this.#sendSoon(limits.journalEveryMs)
  }

  /** Fulfils when all that was added is sent, or could not be. Rejects never. */
  flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined
    })
    return this.#sending
  }

  /** Sends what is there once more, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#sending
    await this.flush()
    this.#timer?.cancel()
    this.#chunks.length = 0
  }

  #begin(): Chunk {
    const chunk: Chunk = { before: this.#count, entries: [] }
    this.#chunks.push(chunk)
    if (this.#chunks.length > limits.journalPending / limits.journalEntries) this.#giveUpOldest()
    return chunk
  }

  /** But what is being sent. */
  #giveUpOldest(): void {
    const at = this.#sending === undefined ? 0 : 1
    const [given] = this.#chunks.splice(at, 1)
    this.#lost += given?.entries.length ?? 0
  }

  async #send(): Promise<void> {
    const { service, member, group, send, lost } = this.#options
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const deliveries = firstWithin(chunk.entries, limits.journalBytes)
      try {
        await send({ service, member, group, before: chunk.before, lost: this.#lost, deliveries })
      } catch (error) {
        if (isTidingsError(error) && error.kind === 'invalid') {
          // What the engine does not take it never will: those behind it are not to wait.
          lost(error)
          this.#lost += deliveries.length
          this.#sent(chunk, deliveries.length)
          continue
        }
        if (!this.#failing) lost(error)
        this.#failing = true
        this.#sendSoon(limits.journalRetryMs)
        return
      }
      this.#failing = false
      this.#sent(chunk, deliveries.length)
    }
  }

  #sent(chunk: Chunk, count: number): void {
    chunk.before += count
    chunk.entries.splice(0, count)
    if (chunk.entries.length === 0) this.#chunks.shift()
  }

  #sendSoon(delayMs: number): void {
    if (this.#closed) return
    this.#timer ??= this.#options.clock.schedule(delayMs, () => void this.flush())
  }
}

/** As many as fit; one at least. */
function firstWithin(entries: readonly Reported[], mostBytes: number): Reported[] {
  let bytes = 0
  let count = 0
  for (const entry of entries) {
    bytes += bytesOf(entry)
    if (count > 0 && bytes > mostBytes) break
    count += 1
  }
  return entries.slice(0, count)
}

/** From above: JSON writes a character in six bytes at the most. */
function bytesOf({ event, error }: Pick<DeliveryEntry, 'event' | 'error'>): number {
  const { source = '', id = '', type = '', subject = '', correlationId = '', causationId = '' } = event ?? {}
  const length = source.length + id.length + type.length + subject.length
  const more = correlationId.length + causationId.length + (error?.message.length ?? 0)
  return fixedBytes + 6 * (length + more)
}

/** Names, numbers and what has a bound of its own. */
const fixedBytes = 600
