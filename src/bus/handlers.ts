import type { EventSelector } from '../catalog/index.ts'
import { TidingsError } from '../kernel/index.ts'
import type { BatchDelivery, Delivery, TransactionalBatch } from './delivery.ts'

/** A handler with the selector that feeds it; the bus checks the two against each other when `on` is called. */
export interface SingleHandling {
  readonly selector: EventSelector
  readonly handle: (delivery: Delivery) => unknown
}

/** A handler of batches: of at most so many events, the first of which waits so long for others. */
export interface BatchHandling {
  readonly selector: EventSelector
  readonly handleBatch: (deliveries: readonly BatchDelivery[], batch: TransactionalBatch<unknown>) => unknown
  readonly max: number
  readonly waitMs: number
}

export type Handling = SingleHandling | BatchHandling

export function takesBatches(handling: Handling): handling is BatchHandling {
  return 'handleBatch' in handling
}

/** Which handler a group runs for which type of event. */
export class Handlers {
  readonly #group: string
  readonly #byType = new Map<string, Handling>()
  #takesBatches = false

  constructor(group: string) {
    this.#group = group
  }

  /** @throws `handler_duplicate` when a type has a handler already. */
  add(handling: Handling): void {
    for (const type of handling.selector.types) {
      if (this.#byType.has(type)) {
        throw new TidingsError(
          'handler_duplicate',
          `Group "${this.#group}" has two handlers for "${type}". Each event of a group is handled once: do both things in one handler, or use two groups.`,
        )
      }
      this.#byType.set(type, handling)
    }
    this.#takesBatches ||= takesBatches(handling)
  }

  of(type: string): Handling | undefined {
    return this.#byType.get(type)
  }

  /** The handler of a type, where that is one of batches. */
  ofBatches(type: string): BatchHandling | undefined {
    const handling = this.#takesBatches ? this.#byType.get(type) : undefined
    return handling !== undefined && takesBatches(handling) ? handling : undefined
  }

  get types(): readonly string[] {
    return [...this.#byType.keys()]
  }
}
