import type { CloudEvent, Flow, TraceContext } from '../event/index.ts'
import { limits } from '../kernel/index.ts'

/** What is known of an event that a handler gets. */
export interface Delivered {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** By the engine's clock, in ms since the Unix epoch. */
  readonly appendedAt: number
  /** From 1. */
  readonly attempt: number
  readonly event: CloudEvent
  /** Delivered once more because somebody asked for it: a redrive, or a group that was sought `again`. */
  readonly again: boolean
}

/** How a run of a handler ended; `settled`: a batch, each event in its own way. */
export interface ProcessingEnd {
  readonly kind: 'handled' | 'duplicate' | 'failed' | 'newer' | 'outage' | 'fenced' | 'abandoned' | 'settled'
  readonly error?: Error
}

/** One run of a handler, as traces see it; and the flow that the handler runs in. */
export interface Processing extends Flow {
  readonly trace: TraceContext
  /** Runs the stages of the delivery, and all that they await, in this flow. */
  run<Result>(stages: () => Result): Result
  end(end: ProcessingEnd): void
}

/**
 * Whether a delivery belongs to the trace that its event was made in. What is delivered again on request, or is older than
 * `limits.traceContinuedMs`, begins a trace of its own that links there: old traces are not reopened.
 */
export function continuesTrace({ again, appendedAt }: Delivered, nowMs: number): boolean {
  return !again && nowMs - appendedAt <= limits.traceContinuedMs
}
