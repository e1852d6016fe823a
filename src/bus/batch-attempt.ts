import { versionOf } from '../catalog/index.ts'
import { type CloudEvent, eventKey } from '../event/index.ts'
import type { InboxKey } from '../inbox/index.ts'
import { isTidingsError, TidingsError, toError } from '../kernel/index.ts'
import type { Assignment, StoredRecord } from '../log/index.ts'
import type { Processing } from '../tracing/index.ts'
import { idempotencyKeyOf, unprepared } from './attempt.ts'
import type { BatchDelivery, TransactionalBatch } from './delivery.ts'
import {
  type AttemptContext,
  abandoned,
  duplicate,
  HandlerRun,
  handled,
  type Outcome,
  transactedTwice,
} from './handler-run.ts'
import type { BatchHandling } from './handlers.ts'
import type { Lane } from './lane.ts'

/** An event to be handled in a batch, and the lane that keeps the order of its key. */
export interface BatchEntry {
  readonly lane: Lane
  readonly record: StoredRecord
  readonly event: CloudEvent
  readonly attempt: number
}

/**
 * What became of each event of a batch, in their order. Undefined: it was not finished, because an earlier one of its
 * key was not, or because the batch has the same event twice: it comes again.
 */
export interface SettledBatch {
  readonly kind: 'settled'
  readonly outcomes: readonly (Outcome | undefined)[]
}

/** An event on its way through the batch. */
interface Item extends BatchEntry {
  readonly delivery: DeliveryInBatch
  outcome: Outcome | undefined
}

/**
 * One attempt at handling a batch, through the stages of a single event: inbox look-up and upcasting for each, the handler
 * and the inbox record for all together. It is also what the handler sees of the batch.
 */
export class BatchAttempt extends HandlerRun<SettledBatch> implements TransactionalBatch<unknown> {
  readonly #handling: BatchHandling
  readonly #items: readonly Item[]
  readonly flow: Processing
  #handedOver: readonly Item[] = []
  /** By lane, the offset of the first event that is not finished: those behind it are not, either. */
  readonly #brokenFrom = new Map<Lane, number>()
  #stage: 'prepare' | 'handle' | 'record' = 'prepare'

  constructor(
    context: AttemptContext,
    assignment: Assignment,
    handling: BatchHandling,
    entries: readonly BatchEntry[],
  ) {
    super(context, assignment)
    this.#handling = handling
    this.#items = entries.map((entry) => {
      const broken = (): boolean => this.#isBroken(entry)
      const fail = (error: unknown): void => this.#fail(item, error)
      const delivery = new DeliveryInBatch(this, entry, { broken, fail })
      const item: Item = { ...entry, delivery, outcome: undefined }
      return item
    })
    this.flow = context.tracing.processBatch(this.#items.map(({ delivery }) => delivery))
  }

  get keys(): readonly InboxKey[] {
    return this.#handedOver.filter((item) => !this.#isBroken(item)).map(({ event }) => event)
  }

  protected get words(): string {
    return `a batch of ${this.#items.length}`
  }

  protected async stages(): Promise<Outcome | SettledBatch> {
    await this.#lookUp()
    await Promise.all(this.#items.map((item) => this.#prepare(item)))
    this.#handedOver = this.#items.filter((item) => item.outcome === undefined && !this.#isBroken(item))
    this.#stage = 'handle'
    if (this.#handedOver.length > 0) {
      if (!this.mayHandle) return abandoned
      const deliveries = this.#handedOver.map(({ delivery }) => delivery)
      await this.#handling.handleBatch(deliveries, this)
    }
    await this.written() // Until then an event may fail, inside a transaction that was not awaited, too.
    this.#stage = 'record'
    return this.remember({ kind: 'settled', outcomes: this.#items.map((item) => this.#outcomeOf(item)) })
  }

  protected failure(thrown: unknown): Outcome {
    const error = toError(thrown)
    if (isTidingsError(error, 'fenced')) return { kind: 'fenced', error }
    if (isTidingsError(error, 'delivery_closed') && !this.isOver) {
      if (this.remembered) return { kind: 'failed', error: transactedTwice(error), final: true }
      // Another attempt was faster: of several events, each has to find out for itself.
      if (this.#items.length === 1) return duplicate
    }
    return { kind: 'failed', error, final: false }
  }

  async #lookUp(): Promise<void> {
    const { inbox } = this.context
    if (inbox === undefined) return
    const events = this.#items.map(({ event }) => event)
    const known = await this.inboxSteps.own(inbox.handled(this.group, this.runNumber, events))
    const seen = new Set<string>()
    for (const [index, item] of this.#items.entries()) {
      const key = eventKey(item.event)
      if (known[index]) item.outcome = duplicate
      // Published twice: when the second one comes again, the inbox knows it.
      else if (seen.has(key)) this.#break(item, undefined)
      seen.add(key)
    }
  }

  async #prepare(item: Item): Promise<void> {
    const { event, delivery } = item
    if (item.outcome !== undefined) return
    try {
      const version = versionOf(event, this.context.assumeVersion[event.type])
      const selected = await this.#handling.selector.decode(event, version)
      delivery.event = selected.event
      delivery.version = selected.version
    } catch (thrown) {
      this.#break(item, unprepared(toError(thrown)))
    }
  }

  /** @throws `transaction_invalid` when what was written for the event is committed, `delivery_closed` when the batch is over. */
  #fail(item: Item, thrown: unknown): void {
    this.check()
    if (this.#stage !== 'handle' || this.remembered) throw tooLate(item)
    if (!this.#isBroken(item)) this.#break(item, { kind: 'failed', error: toError(thrown), final: false })
  }

  /** @param outcome undefined when nothing is wrong with the event itself. */
  #break(item: Item, outcome: Outcome | undefined): void {
    const { lane, record } = item
    item.outcome = outcome
    this.#brokenFrom.set(lane, Math.min(record.offset, this.#brokenFrom.get(lane) ?? record.offset))
  }

  #isBroken({ lane, record }: BatchEntry): boolean {
    return record.offset >= (this.#brokenFrom.get(lane) ?? Number.POSITIVE_INFINITY)
  }

  #outcomeOf(item: Item): Outcome | undefined {
    if (!this.#isBroken(item)) return item.outcome ?? handled
    return item.record.offset === this.#brokenFrom.get(item.lane) ? item.outcome : undefined
  }
}

/** How a delivery asks its batch. */
interface InBatch {
  readonly broken: () => boolean
  readonly fail: (error: unknown) => void
}

/** One event of a batch, as its handler sees it. */
class DeliveryInBatch implements BatchDelivery {
  event: CloudEvent
  version = 0
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly appendedAt: number
  readonly attempt: number
  readonly #batch: BatchAttempt
  readonly #inBatch: InBatch

  constructor(batch: BatchAttempt, { record, event, attempt }: BatchEntry, inBatch: InBatch) {
    this.event = event
    this.group = batch.group
    this.topic = record.topic
    this.partition = record.partition
    this.offset = record.offset
    this.appendedAt = record.appendedAt
    this.attempt = attempt
    this.#batch = batch
    this.#inBatch = inBatch
  }

  get idempotencyKey(): string {
    return idempotencyKeyOf(this.#batch, this.event)
  }

  get failed(): boolean {
    return this.#inBatch.broken()
  }

  fail(error: unknown): void {
    this.#inBatch.fail(error)
  }
}

function tooLate({ event }: BatchEntry): TidingsError {
  return new TidingsError(
    'transaction_invalid',
    `"${event.id}" cannot fail any more: what was written for it is committed. Call fail before transact, or inside it.`,
  )
}
