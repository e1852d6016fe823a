import type { CloudEvent } from './cloud-event.ts'
import { readTraceContext } from './trace-context.ts'

const names = ['traceparent', 'tracestate'] as const

/**
 * The event's trace context as headers of the message that carries it, beside the attributes: where instrumentations that
 * know nothing of CloudEvents look. The distributed tracing extension wants both to be equal while there was one hop.
 */
export function traceHeaders(event: CloudEvent): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of names) {
    const value = event[name]
    if (value !== undefined) headers[name] = value
  }
  return headers
}

/** What carries an event without a trace context may have one of its own: then that is the event's. */
export function traceFromHeaders(
  attributes: Readonly<Record<string, string>>,
  header: (name: string) => string | undefined,
): Readonly<Record<string, string>> {
  if (attributes['traceparent'] !== undefined) return attributes
  const [traceparent, tracestate] = names.map(header)
  const carried = traceparent === undefined ? undefined : readTraceContext({ traceparent, tracestate })
  if (traceparent === undefined || carried === undefined) return attributes
  const { tracestate: usable } = carried
  return { ...attributes, traceparent, ...(usable === undefined ? {} : { tracestate: usable }) }
}
