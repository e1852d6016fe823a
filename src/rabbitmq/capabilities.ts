import { limits } from '../kernel/index.ts'
import type { Capabilities } from '../log/index.ts'

export interface RabbitmqCapabilities extends Capabilities {
  readonly name: 'rabbitmq'
  readonly order: 'partition'
  readonly replay: { readonly start: false; readonly time: false; readonly offset: false }
  readonly lag: 'approximate'
  readonly handover: 'drained'
  readonly fencing: false
  readonly hold: false
  readonly delay: false
  readonly durableAck: 'replicated'
  readonly trustedRecords: false
  readonly callerTransaction: false
}

export const rabbitmqCapabilities: RabbitmqCapabilities = {
  name: 'rabbitmq',
  order: 'partition',
  replay: { start: false, time: false, offset: false },
  lag: 'approximate',
  handover: 'drained',
  fencing: false,
  hold: false,
  delay: false,
  maxBytes: limits.eventBytes,
  handleWithinMs: limits.rabbitmqConsumerTimeoutMs,
  durableAck: 'replicated',
  trustedRecords: false,
  callerTransaction: false,
}
