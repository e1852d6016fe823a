import { limits } from '../kernel/index.ts'
import type { Capabilities } from '../log/index.ts'

export interface MemoryCapabilities extends Capabilities {
  readonly name: 'memory'
  readonly order: 'partition'
  readonly replay: { readonly start: true; readonly time: true; readonly offset: true }
  readonly lag: 'exact'
  readonly handover: 'drained'
  readonly fencing: true
  readonly hold: true
  readonly delay: true
  readonly durableAck: 'memory'
  readonly trustedRecords: true
  readonly callerTransaction: false
}

export const memoryCapabilities: MemoryCapabilities = {
  name: 'memory',
  order: 'partition',
  replay: { start: true, time: true, offset: true },
  lag: 'exact',
  handover: 'drained',
  fencing: true,
  hold: true,
  delay: true,
  maxBytes: limits.eventBytes,
  durableAck: 'memory',
  trustedRecords: true,
  callerTransaction: false,
}
