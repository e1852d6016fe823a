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
  /** Open until the event is stored, or refused; only of one that is sent by itself, and where spans are recorded. */
  readonly span: { end(error?: Error): void } | undefined
}
