import type { Attributes, Link, Span } from '@opentelemetry/api'
import {
  type CloudEvent,
  currentTrace,
  type Flow,
  readTraceContext,
  runInFlow,
  type TraceContext,
} from '../event/index.ts'
import { limits } from '../kernel/index.ts'
import type { OutgoingRecord } from '../log/index.ts'
import { attribute, type Operation, spanName } from './conventions.ts'
import type { Creating, Creation } from './creation.ts'
import type { Delivered, Processing, ProcessingEnd } from './processing.ts'
import type { Telemetry } from './telemetry.ts'

/** The spans of messaging, for the SDK that the program has registered. */
export class Spans {
  readonly #telemetry: Telemetry
  /** The name of the engine. */
  readonly #system: string
  /** What a sampler gets: the same for every span of an operation on a topic. */
  readonly #known = new Map<string, Attributes>()

  constructor(telemetry: Telemetry, system: string) {
    this.#telemetry = telemetry
    this.#system = system
  }

  get isActive(): boolean {
    return this.#telemetry.isTracing
  }

  /** The span that an event is made in. Of one that is sent by itself it is the span of that, too. */
  create({ event, topic, operation, cause }: Creating, parent: TraceContext | undefined): Creation {
    const telemetry = this.#telemetry
    const span = telemetry.tracer.startSpan(
      spanName(operation, topic),
      {
        kind: telemetry.api.SpanKind.PRODUCER,
        attributes: this.#attributes(operation, topic),
        links: cause === undefined ? [] : this.#ambient(parent),
      },
      telemetry.contextOf(parent),
    )
    if (span.isRecording()) span.setAttributes(eventAttributes(event))
    const context = telemetry.traceOf(span)
    if (operation === 'create') span.end()
    return {
      context,
      span: operation === 'create' ? undefined : { during: (publish) => telemetry.during(span, publish) },
    }
  }

  /** Events go to the engine that were made before, perhaps elsewhere: linked to where each was made. */
  send<Result>(records: readonly OutgoingRecord[], publish: () => Result): Result {
    const telemetry = this.#telemetry
    const topics = new Set(records.map(({ topic }) => topic))
    const [topic] = topics.size === 1 ? topics : []
    const span = telemetry.tracer.startSpan(
      spanName('send', topic),
      {
        kind: telemetry.api.SpanKind.CLIENT,
        attributes: this.#attributes('send', topic),
        links: this.#links(records),
      },
      telemetry.contextOf(currentTrace()),
    )
    if (records.length > 1) span.setAttribute(attribute.batchCount, records.length)
    return telemetry.during(span, publish)
  }

  /** @param continued the trace that the event was made in, where its handler still belongs to it. */
  process(delivered: Delivered, continued: TraceContext | undefined): Processing {
    const telemetry = this.#telemetry
    const { topic, group, event } = delivered
    const span = telemetry.tracer.startSpan(
      spanName('process', topic),
      {
        kind: telemetry.api.SpanKind.CONSUMER,
        attributes: this.#attributes('process', topic, group),
        links: this.#links([delivered]),
      },
      // What runs now is another event's, if anything: the delivery has begun in nothing but the event.
      continued === undefined
        ? telemetry.api.ROOT_CONTEXT
        : telemetry.api.trace.setSpanContext(telemetry.api.ROOT_CONTEXT, telemetry.spanContextOf(continued)),
    )
    if (span.isRecording()) {
      span.setAttributes(eventAttributes(event))
      span.setAttributes(placeAttributes(delivered))
    }
    return new SpanProcessing(telemetry, span, event)
  }

  processBatch(delivered: readonly Omit<Delivered, 'again'>[]): Processing {
    const telemetry = this.#telemetry
    const [first] = delivered
    const span = telemetry.tracer.startSpan(
      spanName('process', first?.topic),
      {
        kind: telemetry.api.SpanKind.CONSUMER,
        attributes: this.#attributes('process', first?.topic, first?.group),
        links: this.#links(delivered),
      },
      telemetry.api.ROOT_CONTEXT,
    )
    span.setAttribute(attribute.batchCount, delivered.length)
    if (first !== undefined) span.setAttribute(attribute.partition, String(first.partition))
    return new SpanProcessing(telemetry, span, undefined)
  }

  /** To where the events were made, of at most `limits.spanLinks`. */
  #links(items: readonly { readonly event: CloudEvent }[]): Link[] {
    const links: Link[] = []
    for (const { event } of items.slice(0, limits.spanLinks)) {
      const context = readTraceContext(event)
      if (context === undefined) continue
      const attributes = { [attribute.messageId]: event.id }
      links.push({ context: this.#telemetry.spanContextOf(context), attributes })
    }
    return links
  }

  /** The span that this runs in, where the event that is made continues another. */
  #ambient(parent: TraceContext | undefined): Link[] {
    const current = currentTrace()
    if (current === undefined || current.spanId === parent?.spanId) return []
    return [{ context: this.#telemetry.spanContextOf(current) }]
  }

  #attributes(operation: Operation, topic: string | undefined, group?: string): Attributes {
    const key = `${operation} ${topic} ${group}`
    let attributes = this.#known.get(key)
    if (attributes === undefined) {
      attributes = {
        [attribute.system]: this.#system,
        [attribute.formerSystem]: this.#system,
        [attribute.operationName]: operation,
        [attribute.operationType]: operation,
        ...(topic === undefined ? {} : { [attribute.destination]: topic }),
        ...(group === undefined ? {} : { [attribute.group]: group }),
      }
      this.#known.set(key, attributes)
    }
    return attributes
  }
}

/** A run of a handler that has a span. */
class SpanProcessing implements Processing {
  readonly cause: Flow['cause']
  readonly trace: TraceContext
  readonly #telemetry: Telemetry
  readonly #span: Span
  #isOver = false

  constructor(telemetry: Telemetry, span: Span, cause: Flow['cause']) {
    this.#telemetry = telemetry
    this.#span = span
    this.cause = cause
    this.trace = telemetry.traceOf(span)
  }

  run<Result>(stages: () => Result): Result {
    const { context, trace, ROOT_CONTEXT } = this.#telemetry.api
    return runInFlow(this, () => context.with(trace.setSpan(ROOT_CONTEXT, this.#span), stages))
  }

  end({ kind, error }: ProcessingEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    if (kind !== 'settled') this.#span.setAttribute(attribute.outcome, kind)
    this.#telemetry.end(this.#span, error)
  }
}

function eventAttributes({ id, source, specversion, type, subject, correlationid }: CloudEvent): Attributes {
  const attributes: Attributes = {
    [attribute.messageId]: id,
    [attribute.eventId]: id,
    [attribute.eventSource]: source,
    [attribute.eventSpecVersion]: specversion,
    [attribute.eventType]: type,
  }
  if (subject !== undefined) attributes[attribute.eventSubject] = subject
  if (correlationid !== undefined) attributes[attribute.conversation] = correlationid
  return attributes
}

function placeAttributes({ partition, offset, attempt }: Delivered): Attributes {
  return {
    [attribute.partition]: String(partition),
    [attribute.offset]: offset,
    [attribute.attempt]: attempt,
  }
}
