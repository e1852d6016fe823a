import {
  createTraceIds,
  currentFlow,
  currentTrace,
  type Flow,
  readTraceContext,
  runInFlow,
  sampledFlag,
  type TraceContext,
  type TraceIds,
} from '../event/index.ts'
import type { Clock, Random } from '../kernel/index.ts'
import type { Creating, Creation } from './creation.ts'
import { continuesTrace, type Delivered, type Processing } from './processing.ts'

export interface TracingOptions {
  readonly clock: Clock
  readonly random: Random
}

/**
 * The traces of one bus: the context that an event is made in, and the span of each run of a handler. Where no tracing
 * system is at work the ids are made here, so that events are linked all the same.
 */
export class Tracing {
  readonly #clock: Clock
  readonly #ids: TraceIds

  constructor({ clock, random }: TracingOptions) {
    this.#clock = clock
    this.#ids = createTraceIds(random)
  }

  /** Of the trace of the cause that is named, else of what this runs in, else the first of a new one. */
  create({ cause }: Creating): Creation {
    const flow = currentFlow()
    const named = cause === undefined || cause.id === flow?.cause?.id ? undefined : readTraceContext(cause)
    const context = ownContext(this.#ids, named ?? currentTrace())
    if (flow !== undefined && flow.trace === undefined) flow.trace = context
    return { context, span: undefined }
  }

  process(delivered: Delivered): Processing {
    return new OwnProcessing(delivered, this.#clock, this.#ids)
  }

  /** A batch is of no event's trace: it has its own. */
  processBatch(_delivered: readonly Omit<Delivered, 'again'>[]): Processing {
    return new OwnProcessing(undefined, this.#clock, this.#ids)
  }
}

/** A trace that begins here is sampled: see docs/decisions/017-traces-without-set-up.md. */
function ownContext(ids: TraceIds, parent: TraceContext | undefined): TraceContext {
  return {
    traceId: parent?.traceId ?? ids.traceId(),
    spanId: ids.spanId(),
    traceFlags: parent?.traceFlags ?? sampledFlag,
    tracestate: parent?.tracestate,
  }
}

/** Its trace is made when it is asked for: most handlers publish nothing. */
class OwnProcessing implements Processing, Flow {
  readonly cause: Flow['cause']
  readonly #delivered: Delivered | undefined
  readonly #clock: Clock
  readonly #ids: TraceIds
  #trace: TraceContext | undefined

  constructor(delivered: Delivered | undefined, clock: Clock, ids: TraceIds) {
    this.cause = delivered?.event
    this.#delivered = delivered
    this.#clock = clock
    this.#ids = ids
  }

  get trace(): TraceContext {
    this.#trace ??= ownContext(this.#ids, this.#continued())
    return this.#trace
  }

  run<Result>(stages: () => Result): Result {
    return runInFlow(this, stages)
  }

  end(): void {}

  #continued(): TraceContext | undefined {
    const delivered = this.#delivered
    if (delivered === undefined || !continuesTrace(delivered, this.#clock.now())) return undefined
    return readTraceContext(delivered.event)
  }
}
