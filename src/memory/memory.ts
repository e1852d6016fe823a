import type { Engine } from '../bus/index.ts'
import { type Clock, systemClock } from '../kernel/index.ts'
import { LogTransport } from '../log/index.ts'
import type { MemoryCapabilities } from './capabilities.ts'
import { MemoryDeadLetterStore } from './dead-letter-store.ts'
import { MemoryLogStore } from './log-store.ts'

/** The memory engine: everything a log engine does, gone with the process. For tests and first steps. */
export class MemoryEngine extends LogTransport<MemoryCapabilities> implements Engine<MemoryCapabilities> {
  readonly deadLetters: MemoryDeadLetterStore

  constructor(clock: Clock) {
    const log = new MemoryLogStore(clock)
    super(log, clock)
    this.deadLetters = new MemoryDeadLetterStore(log)
  }
}

export function memory(options: { readonly clock?: Clock | undefined } = {}): MemoryEngine {
  return new MemoryEngine(options.clock ?? systemClock)
}
