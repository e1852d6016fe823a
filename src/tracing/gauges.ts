import type { Attributes, BatchObservableResult, Meter, ObservableGauge } from '@opentelemetry/api'
import type { PartitionLag } from '../log/index.ts'
import { attribute, metric } from './conventions.ts'

/** What is looked at each time that metrics are collected. What rejects is left out that time. */
export interface Observed {
  /** Of the groups that have members in this process. */
  lag(): Promise<readonly PartitionLag[]>
  /** How many dead letters each of these groups has. */
  deadLetters(): Promise<ReadonlyMap<string, number>>
  /** Of each outbox of this process: what waits for the relay, and for how long, in ms. */
  outboxes(): Promise<readonly { readonly pending: number; readonly oldestAgeMs: number | undefined }[]>
}

type Name = 'lag' | 'lagTime' | 'deadLetters' | 'outboxPending' | 'outboxAge'

/** What has a size at each moment: lag, dead letters, what waits in outboxes. */
export class Gauges {
  readonly #meter: Meter
  readonly #system: Attributes
  readonly #gauges: Readonly<Record<Name, ObservableGauge>>

  constructor(meter: Meter, system: Attributes) {
    const gauge = (name: Name): ObservableGauge =>
      meter.createObservableGauge(metric[name].name, metric[name].options)
    this.#meter = meter
    this.#system = system
    this.#gauges = {
      lag: gauge('lag'),
      lagTime: gauge('lagTime'),
      deadLetters: gauge('deadLetters'),
      outboxPending: gauge('outboxPending'),
      outboxAge: gauge('outboxAge'),
    }
  }

  /** Returns how to stop. */
  observe(observed: Observed): () => void {
    const collect = async (result: BatchObservableResult): Promise<void> => {
      await Promise.allSettled([
        this.#lag(observed, result),
        this.#deadLetters(observed, result),
        this.#outboxes(observed, result),
      ])
    }
    const gauges = Object.values(this.#gauges)
    this.#meter.addBatchObservableCallback(collect, gauges)
    return () => this.#meter.removeBatchObservableCallback(collect, gauges)
  }

  async #lag(observed: Observed, result: BatchObservableResult): Promise<void> {
    for (const { group, topic, partition, lag, lagMs } of await observed.lag()) {
      const attributes = {
        ...this.#system,
        [attribute.group]: group,
        [attribute.destination]: topic,
        [attribute.partition]: String(partition),
      }
      result.observe(this.#gauges.lag, lag, attributes)
      result.observe(this.#gauges.lagTime, lagMs / 1_000, attributes)
    }
  }

  async #deadLetters(observed: Observed, result: BatchObservableResult): Promise<void> {
    for (const [group, count] of await observed.deadLetters())
      result.observe(this.#gauges.deadLetters, count, { ...this.#system, [attribute.group]: group })
  }

  /** All together: an outbox has no name. */
  async #outboxes(observed: Observed, result: BatchObservableResult): Promise<void> {
    const outboxes = await observed.outboxes()
    if (outboxes.length === 0) return
    const pending = outboxes.reduce((sum, each) => sum + each.pending, 0)
    const oldestAgeMs = Math.max(...outboxes.map((each) => each.oldestAgeMs ?? 0))
    result.observe(this.#gauges.outboxPending, pending, this.#system)
    result.observe(this.#gauges.outboxAge, oldestAgeMs / 1_000, this.#system)
  }
}
