import type * as OpenTelemetry from '@opentelemetry/api'
import type { Context, Span, Tracer } from '@opentelemetry/api'
import { lookForTraces, type TraceContext } from '../event/index.ts'
import { toError } from '../kernel/index.ts'
import { attribute } from './conventions.ts'
import { errorType } from './error-type.ts'
import { watched } from './watched.ts'

export type Api = typeof OpenTelemetry

/**
 * OpenTelemetry's API, where the program has it: an optional peer, and the only package of OpenTelemetry that is used. An
 * SDK that the program has registered records what is told to it; without one nothing is.
 */
export async function openTelemetry(): Promise<Telemetry | undefined> {
  const api = await openTelemetryApi()
  return api && new Telemetry(api)
}

async function openTelemetryApi(): Promise<Api | undefined> {
  try {
    return await import('@opentelemetry/api')
  } catch {
    return undefined // It is not installed.
  }
}

/** Our contexts as OpenTelemetry has them, and back. */
export class Telemetry {
  readonly api: Api
  readonly tracer: Tracer
  readonly #provider: OpenTelemetry.TracerProvider
  /** What stands in where no SDK is registered. */
  readonly #none: OpenTelemetry.TracerProvider

  constructor(api: Api) {
    this.api = api
    this.tracer = api.trace.getTracer('tidings')
    this.#provider = api.trace.getTracerProvider()
    this.#none = new api.ProxyTracerProvider().getDelegate()
    lookForTraces(() => this.#active())
  }

  /** Whether an SDK makes spans; asked several times for each event. */
  get isTracing(): boolean {
    const provider = this.#provider
    return !(provider instanceof this.api.ProxyTracerProvider) || provider.getDelegate() !== this.#none
  }

  traceOf(span: Span): TraceContext {
    return traceOf(span.spanContext())
  }

  /** What is active now, with this as the span in it; undefined for no span. */
  contextOf(trace: TraceContext | undefined): Context {
    const { api } = this
    const active = api.context.active()
    if (trace === undefined) return api.trace.deleteSpan(active)
    const isActive = api.trace.getSpanContext(active)?.spanId === trace.spanId
    return isActive ? active : api.trace.setSpanContext(active, this.spanContextOf(trace))
  }

  spanContextOf({ traceId, spanId, traceFlags, tracestate }: TraceContext): OpenTelemetry.SpanContext {
    const context = { traceId, spanId, traceFlags, isRemote: true }
    return tracestate === undefined
      ? context
      : { ...context, traceState: this.api.createTraceState(tracestate) }
  }

  /** Runs a function with the span active, and ends it with what comes of that. */
  during<Result>(span: Span, run: () => Result): Result {
    const { context, trace } = this.api
    const inSpan = trace.setSpan(context.active(), span)
    return watched(
      () => context.with(inSpan, run),
      (error) => this.end(span, error),
    )
  }

  end(span: Span, error?: unknown): void {
    if (error !== undefined && span.isRecording()) {
      const thrown = toError(error)
      span.setAttribute(attribute.errorType, errorType(error))
      span.setStatus({ code: this.api.SpanStatusCode.ERROR, message: thrown.message })
      span.recordException(thrown)
    }
    span.end()
  }

  #active(): TraceContext | undefined {
    const { trace, context, isSpanContextValid } = this.api
    const spanContext = trace.getSpanContext(context.active())
    return spanContext && isSpanContextValid(spanContext) ? traceOf(spanContext) : undefined
  }
}

function traceOf({ traceId, spanId, traceFlags, traceState }: OpenTelemetry.SpanContext): TraceContext {
  return { traceId, spanId, traceFlags, tracestate: traceState?.serialize() }
}
