import type { Engine } from '../bus/index.ts'
import type { Clock } from '../kernel/index.ts'
import { LogTransport, type Probe } from '../log/index.ts'
import type { MemoryCapabilities } from './capabilities.ts'
import { MemoryDeadLetterStore } from './dead-letter-store.ts'
import { MemoryLogStore } from './log-store.ts'
import { clockOf, type MemoryOptions } from './options.ts'

/** The memory engine: everything a log engine does, gone with the process. For tests and first steps. */
export class MemoryEngine extends LogTransport<MemoryCapabilities> implements Engine<MemoryCapabilities> {
  readonly deadLetters: MemoryDeadLetterStore

  constructor(clock: Clock) {
    const log = new MemoryLogStore(clock)
    super(log, clock)
    this.deadLetters = new MemoryDeadLetterStore(log)
  }

  async probe(): Promise<Probe> {
    const advice = 'Nothing outlives the process. Use another engine for what has to be kept, such as sqlite.'
    const storage = { setting: 'storage', value: 'memory', topics: [], verdict: 'volatile', advice } as const
    return { version: process.versions.node, durability: [storage] }
  }
}

export function memory(options: MemoryOptions = {}): MemoryEngine {
  return new MemoryEngine(clockOf('memory()', options))
}
