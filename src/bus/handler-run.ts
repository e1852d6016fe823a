import type { InboxClaim, InboxKey, InboxStore } from '../inbox/index.ts'
import { TidingsError } from '../kernel/index.ts'
import type { Assignment, Fence } from '../log/index.ts'
import type { Processing, Tracing } from '../tracing/index.ts'
import { type EngineOutages, InboxSteps } from './outage.ts'

/**
 * What came of one attempt. `failed` and `final`: no further attempt can help · `newer`: this program is too old for
 * the event · `outage`: the inbox, or the engine that the handler published to, cannot be used now, and the event is not to blame ·
 * `fenced`: the inbox has seen a newer owner of the partition · `abandoned`: the delivery ended before the handler did, somebody will deliver the event again.
 */
export type Outcome =
  | { readonly kind: 'handled' | 'duplicate' | 'abandoned' }
  | { readonly kind: 'newer' | 'outage' | 'fenced'; readonly error: Error }
  | { readonly kind: 'failed'; readonly error: Error; readonly final: boolean }

export const handled: Outcome = { kind: 'handled' }
export const duplicate: Outcome = { kind: 'duplicate' }
export const abandoned: Outcome = { kind: 'abandoned' }

/** What all attempts of a group share. */
export interface AttemptContext {
  readonly group: string
  readonly inbox: InboxStore<unknown> | undefined
  readonly engineOutages: EngineOutages
  readonly assumeVersion: Readonly<Record<string, number>>
  readonly tracing: Tracing
}

/** What can be ended before it comes to its end by itself. */
export interface Endable {
  /** Whatever the handler does from now on does not count. */
  end(reason: Error, outcome: Outcome): void
}

/**
 * One run of a handler, for one event or for a batch: its signal, its end, and its claim on the inbox. It stays
 * synchronous as long as its stages are. `Settled` is what it may come to beside an outcome.
 */
export abstract class HandlerRun<Settled extends { readonly kind: 'settled' } = never>
  implements InboxClaim, Endable
{
  readonly group: string
  readonly topic: string
  readonly partition: number
  protected readonly context: AttemptContext
  readonly #assignment: Assignment
  #controller: AbortController | undefined
  #over: Error | undefined
  #remembered = false
  /** A transaction that is under way, or has failed. */
  #writing: Promise<unknown> | undefined
  #settle: ((outcome: Outcome | Settled) => void) | undefined
  #steps: InboxSteps | undefined

  constructor(context: AttemptContext, assignment: Assignment) {
    this.context = context
    this.#assignment = assignment
    this.group = context.group
    this.topic = assignment.topic
    this.partition = assignment.partition
  }

  /** Its span, and where it stands in the flow of events. */
  abstract readonly flow: Processing
  /** The events that this run finishes, if it ends well. */
  abstract get keys(): readonly InboxKey[]
  protected abstract stages(): Outcome | Settled | Promise<Outcome | Settled>
  protected abstract failure(thrown: unknown): Outcome

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#over !== undefined) this.#controller.abort(this.#over)
    }
    return this.#controller.signal
  }

  get transact(): unknown {
    const transact = this.context.inbox?.transaction(this) ?? withoutInbox
    return (...given: readonly unknown[]): Promise<unknown> => {
      const done = this.inboxSteps.transaction(given, (each) =>
        Promise.resolve(
          typeof transact === 'function' ? Reflect.apply(transact, undefined, each) : undefined,
        ),
      )
      const written = (): void => {
        if (this.#writing === done) this.#writing = undefined
      }
      this.#writing = done
      // One that failed stays, unless another takes its place: the run fails with it, whether it was awaited or not.
      done.then(written, () => undefined)
      return done
    }
  }

  get fence(): Fence {
    const { group, topic, partition } = this
    return { group, topic, partition, generation: this.#assignment.generation }
  }

  get runNumber(): number {
    return this.#assignment.runNumber
  }

  check(): void {
    if (this.#over === undefined) return
    throw new TidingsError(
      'delivery_closed',
      `This delivery of ${this.words} is over, so nothing is written: ${this.#over.message}`,
      { cause: this.#over },
    )
  }

  committed(): void {
    this.#remembered = true
  }

  /** Never throws and never rejects. */
  run(): Outcome | Settled | Promise<Outcome | Settled> {
    let result: Outcome | Settled | Promise<Outcome | Settled>
    try {
      result = this.flow.run(() => this.stages())
    } catch (thrown) {
      return this.#ended(this.#failure(thrown))
    }
    if (!(result instanceof Promise)) {
      this.#over = finished
      return this.#ended(result)
    }
    return new Promise((resolve) => {
      this.#settle = (outcome) => {
        this.#settle = undefined
        this.#over ??= finished
        resolve(this.#ended(outcome))
      }
      // Of a run that was ended before, this comes too late.
      result.then(
        (outcome) => this.#settle?.(outcome),
        (thrown: unknown) => this.#settle?.(this.#failure(thrown)),
      )
    })
  }

  end(reason: Error, outcome: Outcome): void {
    if (this.#over !== undefined) return
    this.#over = reason
    this.#controller?.abort(reason)
    const isInboxLate = outcome.kind === 'failed' && this.#steps?.isUnderWay === true
    this.#settle?.(isInboxLate ? { kind: 'outage', error: reason } : outcome)
  }

  #failure(thrown: unknown): Outcome {
    const outage = this.#steps?.outage ?? this.context.engineOutages.find(thrown)
    return outage === undefined ? this.failure(thrown) : { kind: 'outage', error: outage }
  }

  #ended(outcome: Outcome | Settled): Outcome | Settled {
    this.flow.end(outcome)
    return outcome
  }

  /** True once nothing the handler does counts any more. */
  protected get isOver(): boolean {
    return this.#over !== undefined
  }

  /** Asked right before the handler starts: the lease may have ended while nothing of this process ran. */
  protected get mayHandle(): boolean {
    return this.#over === undefined && this.#assignment.isHeld()
  }

  /** True once the inbox has the events, with what the handler wrote. */
  protected get remembered(): boolean {
    return this.#remembered
  }

  /** What this run asks of its inbox goes through these. */
  protected get inboxSteps(): InboxSteps {
    this.#steps ??= new InboxSteps()
    return this.#steps
  }

  /** What is delivered, in a sentence. */
  protected abstract get words(): string

  /** Fulfils when no transaction is under way; rejects with what the last one has failed with. */
  protected async written(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
  }

  /** Makes sure that the inbox has the events; fulfils with the outcome. */
  protected remember<Result>(outcome: Result): Result | Promise<Result> {
    const { inbox } = this.context
    // The handler did not await its transaction: it belongs to the run all the same.
    if (this.#writing !== undefined) return this.#writing.then(() => this.remember(outcome))
    if (inbox === undefined || this.#remembered || this.#over !== undefined) return outcome
    return this.keys.length === 0 ? outcome : this.inboxSteps.own(inbox.record(this)).then(() => outcome)
  }
}

const finished = new TidingsError('delivery_closed', 'The handler has returned. Await everything it starts.')

function withoutInbox(): never {
  throw new TidingsError(
    'option_invalid',
    'This group has no inbox, so there is nothing that transact could commit with. Give the group one: bus.group(name, { inbox }).',
  )
}

export function transactedTwice(cause: Error): TidingsError {
  return new TidingsError(
    'transaction_invalid',
    'The handler called transact a second time: what it wrote the first time is committed, what it wrote the second time is not. Do all writes in one transact.',
    { cause },
  )
}
