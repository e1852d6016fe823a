import { type VersionedEvent, versionOf } from '../catalog/index.ts'
import { type CloudEvent, decodeEvent, eventKey, readJson } from '../event/index.ts'
import type { InboxClaim, InboxKey, InboxStore } from '../inbox/index.ts'
import { isThenable, isTidingsError, TidingsError, toError } from '../kernel/index.ts'
import type { Assignment, Fence, StoredRecord } from '../log/index.ts'
import type { TransactionalDelivery } from './delivery.ts'
import type { Handling } from './handlers.ts'

/**
 * What came of one attempt. `failed` and `final`: no further attempt can help · `newer`: this program is too old for
 * the event · `fenced`: the inbox has seen a newer owner of the partition · `abandoned`: the delivery ended before the handler did, somebody will deliver the event again.
 */
export type Outcome =
  | { readonly kind: 'handled' | 'duplicate' | 'abandoned' }
  | { readonly kind: 'newer' | 'fenced'; readonly error: Error }
  | { readonly kind: 'failed'; readonly error: Error; readonly final: boolean }

export const handled: Outcome = { kind: 'handled' }
export const duplicate: Outcome = { kind: 'duplicate' }
export const abandoned: Outcome = { kind: 'abandoned' }

/** What all attempts of a group share. */
export interface AttemptContext {
  readonly group: string
  readonly inbox: InboxStore<unknown> | undefined
  readonly assumeVersion: Readonly<Record<string, number>>
}

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

/**
 * One attempt at handling one event, through its stages in order: inbox look-up, upcast and validate, handler, inbox
 * record. It stays synchronous as long as every stage is. It is also the delivery that the handler sees.
 */
export class Attempt implements TransactionalDelivery<VersionedEvent, unknown>, InboxClaim {
  event: CloudEvent
  version = 0
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly appendedAt: number
  readonly attempt: number
  readonly #context: AttemptContext
  readonly #assignment: Assignment
  readonly #handling: Handling
  #controller: AbortController | undefined
  #over: Error | undefined
  #stage: 'prepare' | 'handle' = 'prepare'
  #remembered = false
  /** A transaction that is under way. */
  #writing: Promise<unknown> | undefined
  #settle: ((outcome: Outcome) => void) | undefined

  constructor(
    context: AttemptContext,
    assignment: Assignment,
    handling: Handling,
    record: StoredRecord,
    event: CloudEvent,
    attempt: number,
  ) {
    this.#context = context
    this.#assignment = assignment
    this.#handling = handling
    this.group = context.group
    this.topic = record.topic
    this.partition = record.partition
    this.offset = record.offset
    this.appendedAt = record.appendedAt
    this.event = event
    this.attempt = attempt
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#over !== undefined) this.#controller.abort(this.#over)
    }
    return this.#controller.signal
  }

  get idempotencyKey(): string {
    return `${this.group} ${eventKey(this.event)}`
  }

  get transact(): unknown {
    const transact = this.#context.inbox?.transaction(this) ?? withoutInbox
    return (...run: readonly unknown[]): Promise<unknown> => {
      const done = Promise.resolve(
        typeof transact === 'function' ? Reflect.apply(transact, undefined, run) : undefined,
      )
      const settled = (): void => {
        if (this.#writing === done) this.#writing = undefined
      }
      this.#writing = done
      done.then(settled, settled)
      return done
    }
  }

  get fence(): Fence {
    return {
      group: this.group,
      topic: this.topic,
      partition: this.partition,
      generation: this.#assignment.generation,
    }
  }

  get keys(): readonly InboxKey[] {
    return [this.event]
  }

  check(): void {
    if (this.#over === undefined) return
    throw new TidingsError(
      'delivery_closed',
      `This delivery of "${this.event.id}" is over, so nothing is written: ${this.#over.message}`,
      { cause: this.#over },
    )
  }

  committed(): void {
    this.#remembered = true
  }

  /** Never throws and never rejects. */
  run(): Outcome | Promise<Outcome> {
    let result: Outcome | Promise<Outcome>
    try {
      result = this.#lookUp()
    } catch (thrown) {
      return this.#failure(thrown)
    }
    if (!(result instanceof Promise)) {
      this.#over = finished
      return result
    }
    return new Promise((resolve) => {
      this.#settle = (outcome) => {
        this.#over ??= finished
        resolve(outcome)
      }
      result.then(this.#settle, (thrown: unknown) => this.#settle?.(this.#failure(thrown)))
    })
  }

  /** Ends the attempt before its handler does: whatever the handler does from now on does not count. */
  end(reason: Error, outcome: Outcome): void {
    if (this.#over !== undefined) return
    this.#over = reason
    this.#controller?.abort(reason)
    this.#settle?.(outcome)
  }

  #lookUp(): Outcome | Promise<Outcome> {
    const { inbox } = this.#context
    if (inbox === undefined) return this.#prepare()
    return inbox.handled(this.group, this.keys).then(([known]) => (known ? duplicate : this.#prepare()))
  }

  #prepare(): Outcome | Promise<Outcome> {
    const { selector } = this.#handling
    const selected = selector.decode(
      this.event,
      versionOf(this.event, this.#context.assumeVersion[this.event.type]),
    )
    return selected instanceof Promise ? selected.then((each) => this.#handle(each)) : this.#handle(selected)
  }

  #handle({ event, version }: VersionedEvent): Outcome | Promise<Outcome> {
    if (this.#over !== undefined) return abandoned
    this.event = event
    this.version = version
    this.#stage = 'handle'
    const returned = this.#handling.handle(this)
    if (isThenable(returned)) return Promise.resolve(returned).then(() => this.#remember())
    return this.#context.inbox === undefined ? handled : this.#remember()
  }

  #remember(): Outcome | Promise<Outcome> {
    const { inbox } = this.#context
    // The handler did not await its transaction: it belongs to the attempt all the same.
    if (this.#writing !== undefined) return this.#writing.then(() => this.#remember())
    if (inbox === undefined || this.#remembered || this.#over !== undefined) return handled
    return inbox.record(this).then(() => handled)
  }

  #failure(thrown: unknown): Outcome {
    const error = toError(thrown)
    if (isTidingsError(error, 'fenced')) return { kind: 'fenced', error }
    if (this.#stage === 'handle') {
      if (isTidingsError(error, 'delivery_closed') && this.#over === undefined) {
        // Another attempt was faster: that is what was wanted. After this attempt's own transaction it is a mistake.
        return this.#remembered ? { kind: 'failed', error: transactedTwice(error), final: true } : duplicate
      }
      return { kind: 'failed', error, final: false }
    }
    if (isTidingsError(error, 'version_newer')) return { kind: 'newer', error }
    const final = isTidingsError(error) && (error.kind === 'invalid' || error.code === 'version_unknown')
    return { kind: 'failed', error, final }
  }
}

const finished = new TidingsError('delivery_closed', 'The handler has returned. Await everything it starts.')

function withoutInbox(): never {
  throw new TidingsError(
    'option_invalid',
    'This group has no inbox, so there is nothing that transact could commit with. Give the group one: bus.group(name, { inbox }).',
  )
}

function transactedTwice(cause: Error): TidingsError {
  return new TidingsError(
    'transaction_invalid',
    'The handler called transact a second time: what it wrote the first time is committed, what it wrote the second time is not. Do all writes of an event in one transact.',
    { cause },
  )
}
