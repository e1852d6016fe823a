import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api'
import { timestampMs } from '../event/index.ts'
import type { Clock } from '../kernel/index.ts'
import type { OutgoingRecord } from '../log/index.ts'
import { attribute, metric, type Operation } from './conventions.ts'
import { errorType } from './error-type.ts'
import { Gauges, type Observed } from './gauges.ts'
import { measured } from './measured.ts'
import type { Delivered, Processing } from './processing.ts'
import type { Telemetry } from './telemetry.ts'
import { watched } from './watched.ts'

/** What became of one delivery, as far as it is counted. */
export interface Outcome {
  readonly group: string
  readonly topic: string
  readonly event: { readonly time?: string } | undefined
  readonly outcome: string
}

/** The metrics of one bus. */
export class Metrics {
  readonly #meter: Meter
  readonly #clock: Clock
  readonly #system: Attributes
  readonly #operationDuration: Histogram
  readonly #processDuration: Histogram
  readonly #latency: Histogram
  readonly #sent: Counter
  readonly #consumed: Counter
  readonly #deadLettersAdded: Counter

  constructor(meter: Meter, system: string, clock: Clock) {
    const { operationDuration, processDuration, latency, sent, consumed, deadLettersAdded } = metric
    this.#meter = meter
    this.#clock = clock
    this.#system = { [attribute.system]: system, [attribute.formerSystem]: system }
    this.#operationDuration = meter.createHistogram(operationDuration.name, operationDuration.options)
    this.#processDuration = meter.createHistogram(processDuration.name, processDuration.options)
    this.#latency = meter.createHistogram(latency.name, latency.options)
    this.#sent = meter.createCounter(sent.name, sent.options)
    this.#consumed = meter.createCounter(consumed.name, consumed.options)
    this.#deadLettersAdded = meter.createCounter(deadLettersAdded.name, deadLettersAdded.options)
  }

  /** Counts and measures a publish. */
  send<Result>(records: readonly OutgoingRecord[], publish: () => Result): Result {
    const counts = new Map<string, number>()
    for (const { topic } of records) counts.set(topic, (counts.get(topic) ?? 0) + 1)
    const [topic] = counts.size === 1 ? counts.keys() : []
    const startMs = this.#clock.monotonic()
    return watched(publish, (error) => {
      for (const [of, count] of counts) this.#sent.add(count, this.#attributes('send', of, undefined, error))
      this.#took(startMs, this.#attributes('send', topic, undefined, error))
    })
  }

  settle<Result>(group: string, commit: () => Result): Result {
    const startMs = this.#clock.monotonic()
    return watched(commit, (error) =>
      this.#took(startMs, this.#attributes('settle', undefined, group, error)),
    )
  }

  /** The run of a handler, counted and measured. */
  process(processing: Processing, delivered: readonly Pick<Delivered, 'topic' | 'group'>[]): Processing {
    const [first] = delivered
    const startMs = this.#clock.monotonic()
    return measured(processing, ({ error }) => {
      const attributes = this.#attributes('process', first?.topic, first?.group, error)
      this.#consumed.add(delivered.length, attributes)
      this.#processDuration.record((this.#clock.monotonic() - startMs) / 1_000, attributes)
    })
  }

  /** Clocks of two hosts that disagree make no latency below nothing: it is left out. */
  delivered({ group, topic, event, outcome }: Outcome): void {
    if (outcome === 'dead-letter') {
      this.#deadLettersAdded.add(1, this.#attributes('process', topic, group, undefined))
    }
    if (outcome !== 'handled' || event?.time === undefined) return
    const seconds = (this.#clock.now() - timestampMs(event.time)) / 1_000
    if (seconds >= 0) this.#latency.record(seconds, this.#attributes('process', topic, group, undefined))
  }

  /** Looks at these whenever metrics are collected. Returns how to stop. */
  observe(observed: Observed): () => void {
    return new Gauges(this.#meter, this.#system).observe(observed)
  }

  #took(startMs: number, attributes: Attributes): void {
    this.#operationDuration.record((this.#clock.monotonic() - startMs) / 1_000, attributes)
  }

  #attributes(
    operation: Operation,
    topic: string | undefined,
    group: string | undefined,
    error: unknown,
  ): Attributes {
    const attributes: Attributes = {
      ...this.#system,
      [attribute.operationName]: operation,
      [attribute.operationType]: operation,
    }
    if (topic !== undefined) attributes[attribute.destination] = topic
    if (group !== undefined) attributes[attribute.group] = group
    if (error !== undefined) attributes[attribute.errorType] = errorType(error)
    return attributes
  }
}

/** Undefined where the program has registered no SDK for metrics when the bus opens: those of the API cannot be had later. */
export function metricsOf({ api }: Telemetry, system: string, clock: Clock): Metrics | undefined {
  const meter = api.metrics.getMeter('tidings')
  return meter === api.createNoopMeter() ? undefined : new Metrics(meter, system, clock)
}
