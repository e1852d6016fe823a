import type { StoredRecord } from '../log/index.ts'

/** The bound on events that one member holds in memory, by count and by bytes. */
export class MemoryBound {
  readonly #maxEvents: number
  readonly #maxBytes: number
  #events = 0
  #bytes = 0
  #waiting: (() => void)[] = []

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents
    this.#maxBytes = maxBytes
  }

  get events(): number {
    return this.#events
  }

  get full(): boolean {
    return this.#events >= this.#maxEvents || this.#bytes >= this.#maxBytes
  }

  add(record: StoredRecord): void {
    this.#events += 1
    this.#bytes += bytesOf(record)
  }

  remove(record: StoredRecord): void {
    this.#events -= 1
    this.#bytes -= bytesOf(record)
    if (this.#waiting.length > 0 && !this.full) this.#wake()
  }

  /** Fulfils when there is room, or when `giveUp` is called. */
  room(): Promise<void> {
    if (!this.full) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  giveUp(): void {
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

function bytesOf({ encoded }: StoredRecord): number {
  return typeof encoded === 'string' ? encoded.length : (encoded.body?.length ?? 0)
}
