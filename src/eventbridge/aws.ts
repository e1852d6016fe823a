import { EventBridgeClient, type EventBridgeClientConfig } from '@aws-sdk/client-eventbridge'
import { SQSClient } from '@aws-sdk/client-sqs'
import { type Clock, exponential, limits, type Random, sleep, systemRandom } from '../kernel/index.ts'
import { awsError, closedError, isPassing } from './aws-errors.ts'

export interface AwsOptions {
  readonly region: string
  readonly bus: string
  readonly endpoint: string | undefined
  readonly credentials: EventBridgeClientConfig['credentials']
  readonly clock: Clock
  readonly random?: Random | undefined
}

const backoff = exponential(limits.eventbridgeFirstBackoffMs, limits.eventbridgeLongestBackoffMs)

/** The two services, and asking them until they answer. */
export class Aws {
  readonly events: EventBridgeClient
  readonly queues: SQSClient
  readonly bus: string
  readonly clock: Clock
  readonly random: Random
  readonly #closing = new AbortController()

  constructor({ region, bus, endpoint, credentials, clock, random = systemRandom }: AwsOptions) {
    const settings = {
      region,
      // What is tried again, and for how long, is said here in one place.
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: limits.eventbridgeConnectMs,
        requestTimeout: limits.eventbridgeRequestMs,
        throwOnRequestTimeout: true,
      },
      ...(endpoint !== undefined && { endpoint }),
      ...(credentials !== undefined && { credentials }),
    }
    this.bus = bus
    this.clock = clock
    this.random = random
    this.events = new EventBridgeClient(settings)
    this.queues = new SQSClient(settings)
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  /** Aborts when the engine closes. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Asks again while AWS does not answer. @throws `engine_unreachable`, `access_denied`, `engine_closed`, and what AWS says. */
  async ask<Answer>(
    doing: string,
    question: () => Promise<Answer>,
    patienceMs: number = limits.eventbridgePatienceMs,
  ): Promise<Answer> {
    const endMs = this.clock.monotonic() + patienceMs
    for (let attempt = 1; ; attempt++) {
      if (this.closed) throw closedError()
      try {
        return await question()
      } catch (error) {
        if (this.closed) throw closedError()
        if (!isPassing(error) || this.clock.monotonic() >= endMs) throw awsError(error, doing)
      }
      await sleep(this.clock, this.waitMs(attempt), this.closing)
    }
  }

  /** The wait after so many attempts that failed. */
  waitMs(attempt: number): number {
    return backoff(attempt, this.random)
  }

  close(): void {
    this.#closing.abort()
    this.events.destroy()
    this.queues.destroy()
  }
}
