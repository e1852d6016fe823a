import { limits } from '../kernel/index.ts'
import type { Capabilities } from '../log/index.ts'

export interface KafkaCapabilities extends Capabilities {
  readonly name: 'kafka'
  readonly order: 'partition'
  readonly replay: { readonly start: true; readonly time: true; readonly offset: true }
  readonly lag: 'exact'
  readonly handover: 'drained'
  readonly fencing: true
  readonly hold: true
  readonly delay: false
  readonly durableAck: 'replicated'
  readonly trustedRecords: false
  readonly callerTransaction: false
}

export const kafkaCapabilities: KafkaCapabilities = {
  name: 'kafka',
  order: 'partition',
  replay: { start: true, time: true, offset: true },
  lag: 'exact',
  handover: 'drained',
  fencing: true,
  hold: true,
  delay: false,
  maxBytes: limits.eventBytes,
  durableAck: 'replicated',
  trustedRecords: false,
  callerTransaction: false,
}
