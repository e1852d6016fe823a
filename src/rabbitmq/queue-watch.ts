import { isTidingsError, limits, type Timer } from '../kernel/index.ts'
import type { Broker } from './broker.ts'
import { isNotFound } from './broker-errors.ts'
import type { OwnedPartition } from './owned-partition.ts'
import { queueOf } from './queues.ts'

export interface QueueWatchOptions {
  readonly broker: Broker
  readonly group: string
  /** What the member has now. */
  readonly owned: () => Iterable<OwnedPartition>
  /** A queue does not have the member as its consumer any more, or is not there. */
  readonly lost: (owned: OwnedPartition, why: 'lost' | 'deleted') => void
}

/** Looks now and then whether the queues of a member still have it: RabbitMQ does not always tell a consumer that they do not. */
export class QueueWatch {
  readonly #options: QueueWatchOptions
  #timer: Timer | undefined
  #remadeMs = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(options: QueueWatchOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#closed) return
    const { clock } = this.#options.broker
    const afterMs = this.#isDoubtful ? limits.rabbitmqDoubtLookMs : limits.rabbitmqLookMs
    const look = (): void => void this.#look().finally(() => this.start())
    this.#timer?.cancel()
    this.#timer = clock.schedule(afterMs, look, { background: true })
  }

  /** Queues were declared again: those that are consumed may not be those that were. */
  doubt(): void {
    this.#remadeMs = this.#options.broker.clock.monotonic()
    this.start()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  get #isDoubtful(): boolean {
    return this.#options.broker.clock.monotonic() - this.#remadeMs < limits.rabbitmqDoubtMs
  }

  /**
   * RabbitMQ consumes by itself a queue that is there again before it has noticed that it was deleted, and tells nobody. What the new
   * queue delivers is lost then until the channel ends: its numbers begin anew, and are taken for those of what has come before. So
   * for a while whoever gets nothing consumes anew, which costs nothing where there is nothing.
   */
  #isPerhapsLost({ isConsuming, deliveredMs }: OwnedPartition): boolean {
    return isConsuming && this.#isDoubtful && deliveredMs < this.#remadeMs
  }

  async #look(): Promise<void> {
    for (const owned of this.#options.owned()) {
      if (this.#isPerhapsLost(owned)) this.#options.lost(owned, 'lost')
      else await this.#lookAt(owned)
    }
  }

  async #lookAt(owned: OwnedPartition): Promise<void> {
    const { broker, group, lost } = this.#options
    const { topic, partition } = owned.assignment
    const queue = queueOf(group, topic, partition)
    try {
      const { consumerCount } = await broker.ask('Looking at a queue', (channel) => channel.checkQueue(queue))
      if (consumerCount === 0 && owned.isConsuming) lost(owned, 'lost')
    } catch (error) {
      if (isTidingsError(error) && isNotFound(error.cause)) lost(owned, 'deleted')
    }
  }
}
