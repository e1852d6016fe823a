import type { EventSelector } from '../catalog/index.ts'
import { TidingsError } from '../kernel/index.ts'
import type { Delivery } from './delivery.ts'

/** A handler with the selector that feeds it; the bus checks the two against each other when `on` is called. */
export interface Handling {
  readonly selector: EventSelector
  readonly handle: (delivery: Delivery) => unknown
}

/** Which handler a group runs for which type of event. */
export class Handlers {
  readonly #group: string
  readonly #byType = new Map<string, Handling>()

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
  }

  of(type: string): Handling | undefined {
    return this.#byType.get(type)
  }

  get types(): readonly string[] {
    return [...this.#byType.keys()]
  }
}
