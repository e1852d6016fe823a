import { context, type SpanContext, SpanKind, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

/** OpenTelemetry's SDK, as a program registers it, with what it would export; gone again when it is disposed of. */
export interface Sdk extends Disposable {
  /** Spans that have ended, in that order. */
  spans(): readonly ReadableSpan[]
  /** Those with a name. */
  named(name: string): readonly ReadableSpan[]
}

export function openSdk(options: { readonly sampler?: Sampler } = {}): Sdk {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ ...options, spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans()
  return {
    spans,
    named: (name) => spans().filter((span) => span.name === name),
    [Symbol.dispose]() {
      trace.disable()
      context.disable()
    },
  }
}

/** What a span says of its place: its kind, its parent, and what it links to, by span id. */
export function placeOf({ kind, parentSpanContext, links }: ReadableSpan): object {
  return {
    kind: SpanKind[kind],
    parent: parentSpanContext?.spanId,
    links: links.map(({ context: linked }: { readonly context: SpanContext }) => linked.spanId),
  }
}

/** The ids of the traces of spans. */
export function traceIdsOf(spans: readonly ReadableSpan[]): ReadonlySet<string> {
  return new Set(spans.map((span) => span.spanContext().traceId))
}
