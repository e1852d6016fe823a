import { readTraceContext, runInFlow } from '../event/index.ts'

/** Headers of a request: those of `fetch`, of Hono, or of `node:http`. */
export type RequestHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Runs what answers a request in the trace that the request carries: what is published meanwhile, also after an await, belongs
 * to it. Without a `traceparent`, or with one that is none, all that is published meanwhile is of one new trace. Where the
 * instrumentation of OpenTelemetry has begun a span for the request, that goes before.
 */
export function continueTrace<Result>(headers: RequestHeaders, run: () => Result): Result {
  const [traceparent, tracestate] = ['traceparent', 'tracestate'].map((name) => headerOf(headers, name))
  return runInFlow({ cause: undefined, trace: readTraceContext({ traceparent, tracestate }) }, run)
}

/** A traceparent that is there twice is none; several of tracestate are one list (W3C Trace Context §3.3). */
function headerOf(headers: RequestHeaders, name: string): string | undefined {
  if (hasGet(headers)) return headers.get(name) ?? undefined
  const value = headers[name]
  return typeof value === 'string' || value === undefined ? value : value.join(',')
}

function hasGet(headers: RequestHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === 'function'
}
