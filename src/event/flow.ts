import { AsyncLocalStorage } from 'node:async_hooks'
import type { CloudEvent } from './cloud-event.ts'
import type { TraceContext } from './trace-context.ts'

/** Where something that is done stands in a flow of events: what is published meanwhile is linked to it. */
export interface Flow {
  /** The event that is handled, the direct cause of what is published; undefined where there is none, or are several. */
  readonly cause: Pick<CloudEvent, 'id' | 'correlationid' | 'traceparent' | 'tracestate'> | undefined
  /** The span that it is done in; undefined until something begins one. */
  trace: TraceContext | undefined
}

const flows = new AsyncLocalStorage<Flow>()

/** Runs a function, and all that it awaits, in a flow. Returns, or throws, what the function does. */
export function runInFlow<Result>(flow: Flow, run: () => Result): Result {
  return flows.run(flow, run)
}

/** The flow that this runs in. */
export function currentFlow(): Flow | undefined {
  return flows.getStore()
}

/** The span that this runs in: of the program's own tracing where that is at work, else of the flow. */
export function currentTrace(): TraceContext | undefined {
  return activeTrace?.() ?? flows.getStore()?.trace
}

let activeTrace: (() => TraceContext | undefined) | undefined

/** Names what knows the spans of the program's own tracing. */
export function lookForTraces(active: () => TraceContext | undefined): void {
  activeTrace = active
}
