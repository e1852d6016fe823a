import {
  type Clock,
  isTidingsError,
  limits,
  type Random,
  sleep,
  systemClock,
  systemRandom,
  toError,
} from '../kernel/index.ts'
import { fencedRelay } from './fenced-relay.ts'
import type { OutboxStore, Refusal, RelayTerm } from './outbox-store.ts'
import { type Publish, publishApart } from './publish-apart.ts'
import { isHeld, isRenewalDue, type Round, renewEveryMs, waitMsAfter } from './relay-policy.ts'
import { harmlessly, type RelayReport, reportRelay } from './relay-report.ts'

export interface RelayOptions {
  readonly store: OutboxStore
  /** The engine's: fulfils when the events are durable. */
  readonly publish: Publish
  /** Different for every start of a relay. */
  readonly relay: string
  /** How long it has the right without renewing it. Default `limits.relayLeaseMs`. */
  readonly leaseMs?: number | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  /** Told what befalls it. Default: a line on stderr. */
  readonly report?: ((report: RelayReport) => void) | undefined
}

type Settings = { readonly [Name in keyof RelayOptions]-?: NonNullable<RelayOptions[Name]> }

/** The right to relay, and from when it counts, by the monotonic clock. */
interface Hold {
  readonly term: RelayTerm
  readonly renewedMs: number
}

/** What the engine has acknowledged or refused, and the outbox does not know yet. */
interface Unsettled {
  readonly term: RelayTerm
  readonly published: readonly number[]
  readonly refusals: readonly Refusal[]
}

/**
 * Publishes what is in an outbox, oldest first, batch by batch, and settles a batch when the engine has it durably. Of all
 * relays of an outbox one has the right to, the others stand by. What a relay has published and not settled when it dies
 * is published again, under the same ids.
 */
export class Relay {
  readonly #options: Settings
  #hold: Hold | undefined
  #unsettled: Unsettled | undefined
  #failures = 0
  #running: Promise<void> | undefined
  /** When it ends at the latest, by the monotonic clock, once it is to stop. */
  #stopByMs: number | undefined
  /** Something may have been added since the round began. */
  #woken = false
  #wake: (() => void) | undefined
  /** Whether what is added ends the wait. */
  #wakeable = false

  constructor({
    leaseMs = limits.relayLeaseMs,
    clock = systemClock,
    random = systemRandom,
    report = reportRelay,
    ...options
  }: RelayOptions) {
    this.#options = { ...options, leaseMs, clock, random, report: harmlessly(report) }
  }

  /** Publishes from now on, until it is stopped. Whatever goes wrong is reported, and tried again. */
  start(): void {
    this.#running ??= this.#run(this.#options.store.watch(() => this.#wakeUp()))
  }

  /** Publishes what is pending still, for at most `limits.relayDrainMs`, and gives up the right. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopByMs ??= this.#options.clock.monotonic() + limits.relayDrainMs
    this.#wake?.()
    await this.#running
  }

  /**
   * Instead of `start`: publishes until nothing is pending. While another relay has the right, it waits for that one to
   * publish, or to lose it. Rejects with what keeps it from publishing. Ends early when the signal aborts.
   */
  async flush(signal?: AbortSignal): Promise<void> {
    const { store, clock } = this.#options
    try {
      for (;;) {
        const round = await this.#round()
        if (signal?.aborted || round === 'idle') return
        if (round === 'more') continue
        if ((await store.figures()).pending === 0) return
        await sleep(clock, limits.relayFirstBackoffMs, signal)
      }
    } finally {
      await this.#resign()
    }
  }

  async #run(stopWatching: () => void): Promise<void> {
    try {
      while (await this.#runRound());
    } finally {
      stopWatching()
      await this.#resign()
    }
  }

  /** A round, and the wait after it. False when it was the last. */
  async #runRound(): Promise<boolean> {
    const { leaseMs, random, relay } = this.#options
    const isLast = this.#stopByMs !== undefined
    let round: Round
    let error: Error | undefined
    try {
      round = await this.#round()
      this.#failures = 0
    } catch (thrown) {
      round = 'failed'
      error = toError(thrown)
      this.#failures += 1
    }
    const waitMs = waitMsAfter(round, this.#failures, leaseMs, random)
    if (error) this.#options.report({ relay, outcome: 'failed', error, refused: 0, retryInMs: waitMs })
    if (isLast && (round !== 'more' || this.#isOvertime)) return false
    if (waitMs > 0) await this.#wait(waitMs, round === 'idle')
    return true
  }

  get #isOvertime(): boolean {
    return this.#options.clock.monotonic() >= (this.#stopByMs ?? Number.POSITIVE_INFINITY)
  }

  async #round(): Promise<Round> {
    this.#woken = false
    try {
      return await this.#relayBatch()
    } catch (error) {
      if (!isTidingsError(error, 'fenced')) throw error
      this.#hold = undefined
      const { relay } = this.#options
      this.#options.report({ relay, outcome: 'fenced', error, refused: 0, retryInMs: undefined })
      return 'standing-by'
    }
  }

  async #relayBatch(): Promise<Round> {
    const { store, publish } = this.#options
    const term = (await this.#lead())?.term
    if (term === undefined) return 'standing-by'
    await this.#settle()
    const pending = await store.claim(term, { maxRecords: limits.relayEvents, maxBytes: limits.relayBytes })
    if (pending.length === 0) return 'idle'
    if (!this.#holds(term)) return 'more'
    const refusals = await this.#renewing(() =>
      publishApart(pending, (records) => {
        if (!this.#holds(term)) throw fencedRelay(term, this.#hold?.term.term)
        return publish(records)
      }),
    )
    const refused = new Set(refusals.map(({ position }) => position))
    const published = pending.map(({ position }) => position).filter((each) => !refused.has(each))
    this.#unsettled = { term, published, refusals }
    this.#tellRefused(refusals)
    await this.#settle()
    return 'more'
  }

  /** Takes the right to relay, or renews it in time. */
  async #lead(): Promise<Hold | undefined> {
    const { store, clock, relay, leaseMs } = this.#options
    const nowMs = clock.monotonic()
    if (this.#hold !== undefined && !isRenewalDue(this.#hold.renewedMs, nowMs, leaseMs)) return this.#hold
    const term = await store.lead(relay, leaseMs)
    // In between another may have settled them, and other records have got their positions.
    if (term?.term !== this.#unsettled?.term.term) this.#unsettled = undefined
    this.#hold = term && { term, renewedMs: nowMs }
    return this.#hold
  }

  /** Also false when the right was lost meanwhile and is had again: another may have published what was claimed before. */
  #holds({ term }: RelayTerm): boolean {
    const { clock, leaseMs } = this.#options
    const hold = this.#hold
    return hold?.term.term === term && isHeld(hold.renewedMs, clock.monotonic(), leaseMs)
  }

  /** While the engine takes its time, the right is renewed: else another would get it, and publish the same. */
  async #renewing<Result>(publishing: () => Promise<Result>): Promise<Result> {
    const published = new AbortController()
    const renewing = this.#renewUntil(published.signal)
    try {
      return await publishing()
    } finally {
      published.abort()
      await renewing
    }
  }

  async #renewUntil(published: AbortSignal): Promise<void> {
    const { clock, leaseMs } = this.#options
    for (;;) {
      await sleep(clock, renewEveryMs(leaseMs), published)
      if (published.aborted) return
      // Where that fails it is tried again, as long as the lease lasts.
      await this.#lead().catch(() => undefined)
    }
  }

  /** Once it has succeeded only: until then nothing else is claimed, for it would be published twice. */
  async #settle(): Promise<void> {
    if (this.#unsettled === undefined) return
    const { store } = this.#options
    const { term, published, refusals } = this.#unsettled
    if (refusals.length > 0) await store.refuse(term, refusals)
    if (published.length > 0) await store.settle(term, published)
    this.#unsettled = undefined
  }

  #tellRefused(refusals: readonly Refusal[]): void {
    const [first] = refusals
    if (first === undefined) return
    const error = new Error(first.reason)
    const { relay } = this.#options
    this.#options.report({ relay, outcome: 'refused', error, refused: refusals.length, retryInMs: undefined })
  }

  async #resign(): Promise<void> {
    const term = this.#hold?.term
    this.#hold = undefined
    // Where that fails, the right ends with its lease.
    if (term !== undefined) await this.#options.store.resign(term).catch(() => undefined)
  }

  async #wait(waitMs: number, wakeable: boolean): Promise<void> {
    if (this.#stopByMs !== undefined || (wakeable && this.#woken)) return
    const waiting = new AbortController()
    this.#wake = () => waiting.abort()
    this.#wakeable = wakeable
    await sleep(this.#options.clock, waitMs, waiting.signal)
    this.#wake = undefined
  }

  #wakeUp(): void {
    this.#woken = true
    if (this.#wakeable) this.#wake?.()
  }
}
