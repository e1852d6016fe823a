import { type VersionedEvent, versionOf } from '../catalog/index.ts'
import { type CloudEvent, decodeEvent, eventKey, readJson } from '../event/index.ts'
import type { InboxKey } from '../inbox/index.ts'
import { isThenable, isTidingsError, toError } from '../kernel/index.ts'
import type { Assignment, StoredRecord } from '../log/index.ts'
import type { Processing } from '../tracing/index.ts'
import type { TransactionalDelivery } from './delivery.ts'
import {
  type AttemptContext,
  abandoned,
  duplicate,
  HandlerRun,
  handled,
  type Outcome,
  transactedTwice,
} from './handler-run.ts'
import type { SingleHandling } from './handlers.ts'

/** The event of a record; one that we wrote and verified is parsed without being checked again. @throws what `decodeEvent` throws. */
export function eventOf({ encoded }: StoredRecord, trusted: boolean): CloudEvent {
  if (!trusted || typeof encoded !== 'string') return decodeEvent(encoded)
  try {
    const event = readJson(encoded)
    if (typeof event.type === 'string') return event
  } catch {
    // As below.
  }
  return decodeEvent(encoded) // Something else wrote it after all: this says what is wrong with it.
}

/** What is attempted: the event of a record, for which time, and whether because a dead letter was redriven. */
interface AttemptOf {
  readonly event: CloudEvent
  readonly attempt: number
  readonly redriven: boolean
}

/**
 * One attempt at handling one event, through its stages in order: inbox look-up, upcast and validate, handler, inbox
 * record. It is also the delivery that the handler sees.
 */
export class Attempt extends HandlerRun implements TransactionalDelivery<VersionedEvent, unknown> {
  event: CloudEvent
  version = 0
  readonly offset: number
  readonly appendedAt: number
  readonly attempt: number
  /** Somebody asked for it to be delivered again. */
  readonly again: boolean
  readonly flow: Processing
  readonly #handling: SingleHandling
  #stage: 'prepare' | 'handle' = 'prepare'

  constructor(
    context: AttemptContext,
    assignment: Assignment,
    handling: SingleHandling,
    record: StoredRecord,
    { event, attempt, redriven }: AttemptOf,
  ) {
    super(context, assignment)
    this.#handling = handling
    this.offset = record.offset
    this.appendedAt = record.appendedAt
    this.event = event
    this.attempt = attempt
    this.again = redriven || this.runNumber > 0
    this.flow = context.tracing.process(this)
  }

  get idempotencyKey(): string {
    return idempotencyKeyOf(this, this.event)
  }

  get keys(): readonly InboxKey[] {
    return [this.event]
  }

  protected get words(): string {
    return `"${this.event.id}"`
  }

  protected stages(): Outcome | Promise<Outcome> {
    const { inbox } = this.context
    if (inbox === undefined) return this.#prepare()
    return this.inboxSteps
      .own(inbox.handled(this.group, this.runNumber, this.keys))
      .then(([known]) => (known ? duplicate : this.#prepare()))
  }

  #prepare(): Outcome | Promise<Outcome> {
    const { selector } = this.#handling
    const selected = selector.decode(
      this.event,
      versionOf(this.event, this.context.assumeVersion[this.event.type]),
    )
    return selected instanceof Promise ? selected.then((each) => this.#handle(each)) : this.#handle(selected)
  }

  #handle({ event, version }: VersionedEvent): Outcome | Promise<Outcome> {
    if (!this.mayHandle) return abandoned
    this.event = event
    this.version = version
    this.#stage = 'handle'
    const returned = this.#handling.handle(this)
    if (isThenable(returned)) return Promise.resolve(returned).then(() => this.remember(handled))
    return this.context.inbox === undefined ? handled : this.remember(handled)
  }

  protected failure(thrown: unknown): Outcome {
    const error = toError(thrown)
    if (isTidingsError(error, 'fenced')) return { kind: 'fenced', error }
    if (this.#stage === 'prepare') return unprepared(error)
    if (isTidingsError(error, 'delivery_closed') && !this.isOver) {
      // Another attempt was faster: that is what was wanted. After this attempt's own transaction it is a mistake.
      return this.remembered ? { kind: 'failed', error: transactedTwice(error), final: true } : duplicate
    }
    return { kind: 'failed', error, final: false }
  }
}

/** The same for every attempt of this event in this group, until it is sought `again`. A group's name has no `#`. */
export function idempotencyKeyOf(
  { group, runNumber }: Pick<HandlerRun, 'group' | 'runNumber'>,
  event: CloudEvent,
): string {
  const run = runNumber === 0 ? '' : `#${runNumber}`
  return `${group}${run} ${eventKey(event)}`
}

/** What comes of an event that could not be brought to the version its handler takes. */
export function unprepared(error: Error): Outcome {
  if (isTidingsError(error, 'version_newer')) return { kind: 'newer', error }
  const final = isTidingsError(error) && (error.kind === 'invalid' || error.code === 'version_unknown')
  return { kind: 'failed', error, final }
}
