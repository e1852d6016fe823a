import type { CloudEvent, TraceContext } from '../event/index.ts'

/** What is known of an event when its context begins. */
export interface Creating {
  readonly event: CloudEvent
  readonly topic: string
  /** `send`: it goes to the engine by itself, now · `create`: with others, or later. */
  readonly operation: 'create' | 'send'
  /** The event that its publisher names as its cause. */
  readonly cause: CloudEvent | undefined
}

/** What an event is made in. */
export interface Creation {
  /** Written on the event, once. */
  readonly context: TraceContext
  /** Still open: only of an event that is sent by itself, and where an SDK makes spans. */
  readonly span: OpenSpan | undefined
}

/** The span of an event that goes to the engine by itself. */
export interface OpenSpan {
  /** Runs what sends it, and ends with that. */
  during<Result>(publish: () => Result): Result
}
