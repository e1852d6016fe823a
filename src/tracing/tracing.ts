import {
  createTraceIds,
  currentFlow,
  currentTrace,
  readTraceContext,
  type TraceContext,
  type TraceIds,
} from '../event/index.ts'
import type { Clock, Random } from '../kernel/index.ts'
import type { OutgoingRecord } from '../log/index.ts'
import type { Creating, Creation, OpenSpan } from './creation.ts'
import type { Observed } from './gauges.ts'
import { type Metrics, metricsOf, type Outcome } from './metrics.ts'
import { OwnProcessing, ownContext } from './own-spans.ts'
import { continuesTrace, type Delivered, type Processing } from './processing.ts'
import { Spans } from './spans.ts'
import type { Telemetry } from './telemetry.ts'

export interface TracingOptions {
  /** The name of the engine. */
  readonly system: string
  readonly clock: Clock
  readonly random: Random
  /** Where the program has OpenTelemetry's API. */
  readonly telemetry: Telemetry | undefined
}

/** A record that an event was made for here, with its span where that is still open. */
type SentRecord = OutgoingRecord & { readonly span?: OpenSpan | undefined }

/**
 * The traces and metrics of one bus: the context that an event is made in, the span of each publish and of each run of a
 * handler. Where no SDK is at work the ids are made here, so that events are linked all the same.
 */
export class Tracing {
  readonly #clock: Clock
  readonly #ids: TraceIds
  readonly #spans: Spans | undefined
  readonly #metrics: Metrics | undefined

  constructor({ system, clock, random, telemetry }: TracingOptions) {
    this.#clock = clock
    this.#ids = createTraceIds(random)
    this.#spans = telemetry && new Spans(telemetry, system)
    this.#metrics = telemetry && metricsOf(telemetry, system, clock)
  }

  /** Of the trace of the cause that is named, else of what this runs in, else the first of a new one. */
  create(creating: Creating): Creation {
    const { cause } = creating
    const flow = currentFlow()
    const named = cause === undefined || cause.id === flow?.cause?.id ? undefined : readTraceContext(cause)
    const parent = named ?? currentTrace()
    const creation = this.#spans?.isActive
      ? this.#spans.create(creating, parent)
      : { context: ownContext(this.#ids, parent), span: undefined }
    if (flow !== undefined && flow.trace === undefined) flow.trace = creation.context
    return creation
  }

  /** Gives records to the engine. */
  send<Result>(records: readonly SentRecord[], publish: () => Result): Result {
    const metrics = this.#metrics
    const measured = metrics ? () => metrics.send(records, publish) : publish
    const [first] = records
    if (records.length === 1 && first?.span !== undefined) return first.span.during(measured)
    return this.#spans?.isActive && records.length > 0 ? this.#spans.send(records, measured) : measured()
  }

  /** Commits what a group has handled. */
  settle<Result>(group: string, commit: () => Result): Result {
    return this.#metrics ? this.#metrics.settle(group, commit) : commit()
  }

  process(delivered: Delivered): Processing {
    const spans = this.#spans?.isActive ? this.#spans : undefined
    const processing = spans
      ? spans.process(delivered, this.#continued(delivered))
      : new OwnProcessing(delivered.event, this.#ids, () => this.#continued(delivered))
    return this.#metrics ? this.#metrics.process(processing, [delivered]) : processing
  }

  /** A batch is of no event's trace: it has its own. */
  processBatch(delivered: readonly Omit<Delivered, 'again'>[]): Processing {
    const processing = this.#spans?.isActive
      ? this.#spans.processBatch(delivered)
      : new OwnProcessing(undefined, this.#ids, () => undefined)
    return this.#metrics ? this.#metrics.process(processing, delivered) : processing
  }

  /** What became of a delivery. */
  delivered(outcome: Outcome): void {
    this.#metrics?.delivered(outcome)
  }

  /** Looks at these whenever metrics are collected. Returns how to stop. */
  observe(observed: Observed): () => void {
    return this.#metrics?.observe(observed) ?? (() => undefined)
  }

  #continued(delivered: Delivered): TraceContext | undefined {
    return continuesTrace(delivered, this.#clock.now()) ? readTraceContext(delivered.event) : undefined
  }
}
