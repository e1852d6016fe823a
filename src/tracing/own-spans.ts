import { type Flow, runInFlow, sampledFlag, type TraceContext, type TraceIds } from '../event/index.ts'
import type { Processing } from './processing.ts'

/**
 * A span of ours, where no SDK makes one: of the parent's trace, else the first of its own. A trace that begins here is
 * sampled, see docs/decisions/017-traces-without-set-up.md.
 */
export function ownContext(ids: TraceIds, parent: TraceContext | undefined): TraceContext {
  return {
    traceId: parent?.traceId ?? ids.traceId(),
    spanId: ids.spanId(),
    traceFlags: parent?.traceFlags ?? sampledFlag,
    tracestate: parent?.tracestate,
  }
}

/** A run of a handler. Its span is made when it is asked for: most handlers publish nothing. */
export class OwnProcessing implements Processing {
  readonly cause: Flow['cause']
  readonly #ids: TraceIds
  readonly #continued: () => TraceContext | undefined
  #trace: TraceContext | undefined

  constructor(cause: Flow['cause'], ids: TraceIds, continued: () => TraceContext | undefined) {
    this.cause = cause
    this.#ids = ids
    this.#continued = continued
  }

  get trace(): TraceContext {
    this.#trace ??= ownContext(this.#ids, this.#continued())
    return this.#trace
  }

  run<Result>(stages: () => Result): Result {
    return runInFlow(this, stages)
  }

  end(): void {}
}
