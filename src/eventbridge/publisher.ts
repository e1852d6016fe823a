import { PutEventsCommand, type PutEventsResultEntry } from '@aws-sdk/client-eventbridge'
import { limits, TidingsError, type Timer, toError } from '../kernel/index.ts'
import type { Aws } from './aws.ts'
import { awsError, closedError, isPassing, isPassingCode } from './aws-errors.ts'

/** An event on its way to the bus. */
export interface OutgoingEntry {
  readonly source: string
  readonly detailType: string
  readonly detail: string
  readonly resource: string
  /** As EventBridge counts them. */
  readonly bytes: number
}

/** What has become of an entry. */
export type Outcome = 'taken' | Error

interface Pending {
  readonly entry: OutgoingEntry
  readonly untilMs: number
  readonly settle: (outcome: Outcome) => void
}

/**
 * Publishes in full requests, several at the same time: entries of several calls share them. What EventBridge did not take
 * is sent again, entry by entry, until its time is over: perhaps twice, in no order. Bounded in count, bytes and time.
 */
export class Publisher {
  readonly #aws: Aws
  readonly #deliveryMs: number
  /** To be sent, those that failed first. */
  #waiting: Pending[] = []
  readonly #pending = new Set<Pending>()
  #bytes = 0
  #requests = 0
  /** Requests that failed in a row. */
  #failures = 0
  #pause: Timer | undefined
  #sending = false
  #deadline: Timer | undefined
  #closed = false

  constructor(aws: Aws, deliveryMs: number) {
    this.#aws = aws
    this.#deliveryMs = deliveryMs
  }

  /** Fulfils with what has become of each. @throws `publish_overloaded`, `engine_closed`. */
  send(entries: readonly OutgoingEntry[]): Promise<readonly Outcome[]> {
    if (this.#closed) throw closedError()
    this.#checkRoom(entries)
    return Promise.all(entries.map((entry) => this.#add(entry)))
  }

  /** What was not taken by now fails. */
  close(): void {
    this.#closed = true
    this.#pause?.cancel()
    this.#deadline?.cancel()
    for (const pending of this.#pending) this.#settle(pending, closedError())
  }

  #checkRoom(entries: readonly OutgoingEntry[]): void {
    const { publishPendingRecords, publishPendingBytes } = limits
    if (this.#pending.size === 0) return
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, this.#bytes)
    if (this.#pending.size + entries.length <= publishPendingRecords && bytes <= publishPendingBytes) return
    throw new TidingsError(
      'publish_overloaded',
      `${this.#pending.size} events wait for EventBridge already. Publish more slowly: await what publish returns.`,
    )
  }

  #add(entry: OutgoingEntry): Promise<Outcome> {
    return new Promise((settle) => {
      const untilMs = this.#aws.clock.monotonic() + this.#deliveryMs
      const pending = { entry, untilMs, settle }
      this.#pending.add(pending)
      this.#bytes += entry.bytes
      this.#waiting.push(pending)
      this.#sendSoon()
      this.#arm()
    })
  }

  #settle(pending: Pending, outcome: Outcome): void {
    if (!this.#pending.delete(pending)) return
    this.#bytes -= pending.entry.bytes
    pending.settle(outcome)
  }

  /** After this turn of the event loop: what is published in it shares requests. */
  #sendSoon(): void {
    if (this.#sending) return
    this.#sending = true
    this.#aws.clock.defer(() => {
      this.#sending = false
      this.#sendMore()
    })
  }

  #sendMore(): void {
    if (this.#pause !== undefined) return
    while (this.#waiting.length > 0 && this.#requests < limits.eventbridgeRequests && !this.#closed) {
      const request = this.#waiting.splice(0, fitting(this.#waiting))
      const current = request.filter((pending) => this.#pending.has(pending))
      if (current.length > 0) void this.#request(current)
    }
  }

  async #request(request: readonly Pending[]): Promise<void> {
    this.#requests += 1
    try {
      const { Entries = [] } = await this.#aws.events.send(this.#command(request))
      this.#failures = 0
      this.#apply(request, Entries)
    } catch (error) {
      if (isPassing(error)) this.#again(request)
      else for (const pending of request) this.#settle(pending, awsError(error, 'Publishing'))
    } finally {
      this.#requests -= 1
      this.#sendMore()
    }
  }

  #command(request: readonly Pending[]): PutEventsCommand {
    return new PutEventsCommand({
      Entries: request.map(({ entry: { source, detailType, detail, resource } }) => ({
        EventBusName: this.#aws.bus,
        Source: source,
        DetailType: detailType,
        Detail: detail,
        Resources: [resource],
      })),
    })
  }

  /** Each entry of a request is taken or not by itself. */
  #apply(request: readonly Pending[], results: readonly PutEventsResultEntry[]): void {
    const again: Pending[] = []
    for (const [index, pending] of request.entries()) {
      const { ErrorCode: code, ErrorMessage: message } = results[index] ?? { ErrorCode: 'InternalFailure' }
      if (code === undefined) this.#settle(pending, 'taken')
      else if (isPassingCode(code)) again.push(pending)
      else this.#settle(pending, refusedEntry(code, message))
    }
    if (again.length > 0) this.#again(again)
  }

  /** Nothing more is sent for a while: whoever is asked too often answers no sooner for being asked again. */
  #again(request: readonly Pending[]): void {
    this.#waiting = [...request.filter((pending) => this.#pending.has(pending)), ...this.#waiting]
    this.#failures += 1
    const goOn = (): void => {
      this.#pause = undefined
      this.#sendMore()
    }
    if (this.#closed) return
    this.#pause ??= this.#aws.clock.schedule(this.#aws.waitMs(this.#failures), goOn)
  }

  /** Gives up what has waited for too long. */
  #arm(): void {
    const [oldest] = this.#pending
    if (this.#deadline !== undefined || oldest === undefined || this.#closed) return
    const { clock } = this.#aws
    const look = (): void => {
      this.#deadline = undefined
      const nowMs = clock.monotonic()
      for (const pending of this.#pending) {
        if (pending.untilMs > nowMs) break
        this.#settle(pending, notTaken(this.#deliveryMs))
      }
      this.#arm()
    }
    const restMs = Math.max(0, oldest.untilMs - clock.monotonic())
    this.#deadline = clock.schedule(restMs, look, { background: true })
  }
}

/** How many go into the next request: one always does. */
function fitting(waiting: readonly Pending[]): number {
  let bytes = 0
  let count = 0
  for (const { entry } of waiting.slice(0, limits.eventbridgeRequestEntries)) {
    bytes += entry.bytes
    if (count > 0 && bytes > limits.eventbridgeRequestBytes) break
    count += 1
  }
  return count
}

function refusedEntry(code: string, message = ''): TidingsError {
  const error = Object.assign(toError(new Error(message)), { name: code, $metadata: { httpStatusCode: 400 } })
  return awsError(error, 'Publishing an event')
}

function notTaken(deliveryMs: number): TidingsError {
  return new TidingsError(
    'engine_unreachable',
    `EventBridge has not taken it within ${deliveryMs} ms. Is it reached from here, and within its quotas?`,
  )
}
