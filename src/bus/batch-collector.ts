import type { Clock, Timer } from '../kernel/index.ts'
import type { BatchHandling } from './handlers.ts'
import type { Lane, Work } from './lane.ts'

export interface BatchCollectorOptions {
  readonly handling: BatchHandling
  readonly clock: Clock
  /** True for an event that may go into a batch of this handler. */
  readonly takes: (work: Work) => boolean
  /** A batch is ready: `start` takes it when there is a place for its handler. */
  readonly ready: () => void
}

/**
 * Collects the events of one partition for one batch handler. A lane gives its first events, as many as there is room
 * for, and waits until they are handled. One batch of a partition runs at a time; the next one fills meanwhile.
 */
export class BatchCollector {
  readonly handling: BatchHandling
  readonly #options: BatchCollectorOptions
  #works: Work[] = []
  /** Lanes that found no room. */
  readonly #waiting = new Set<Lane>()
  #timer: Timer | undefined
  #due = false
  /** A batch is ready or at work. */
  #busy = false
  #closed = false

  constructor(options: BatchCollectorOptions) {
    this.handling = options.handling
    this.#options = options
  }

  /** Takes what there is room for of a lane whose first event is for this handler; again, when the lane has got more. */
  add(lane: Lane): void {
    lane.state = 'collecting'
    lane.collector = this
    for (let work = lane.works[lane.collected]; work !== undefined; work = lane.works[lane.collected]) {
      if (this.#works.length >= this.handling.max || !this.#options.takes(work)) break
      lane.collected += 1
      this.#works.push(work)
    }
    if (lane.collected === 0) this.#waiting.add(lane)
    this.#check()
  }

  /** Waits no longer for more. */
  flush(): void {
    this.#due = true
    this.#check()
  }

  /** The events of the batch that is ready, in offset order; their lanes are running from now on. */
  start(): readonly Work[] {
    const works = this.#works.toSorted((a, b) => a.offset - b.offset)
    this.#works = []
    this.#stopWaiting()
    for (const { lane } of works) {
      lane.state = 'running'
      lane.collected = 0
      lane.collector = undefined
    }
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const lane of waiting) this.add(lane)
    return works
  }

  /** The batch that was started is over. */
  ended(): void {
    this.#busy = false
    this.#check()
  }

  /** The partition was let go of: what was collected is somebody else's. */
  close(): void {
    this.#closed = true
    this.#stopWaiting()
    this.#works = []
    this.#waiting.clear()
  }

  #stopWaiting(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#due = false
  }

  #check(): void {
    const { max, waitMs } = this.handling
    if (this.#closed || this.#works.length === 0) return
    if (!this.#due && this.#works.length < max) {
      this.#timer ??= this.#options.clock.schedule(waitMs, () => this.flush())
    } else if (!this.#busy) {
      this.#busy = true
      this.#options.ready()
    }
  }
}
