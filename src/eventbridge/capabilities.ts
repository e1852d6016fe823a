import { limits } from '../kernel/index.ts'
import type { Capabilities } from '../log/index.ts'

export interface EventbridgeCapabilities extends Capabilities {
  readonly name: 'eventbridge'
  readonly order: 'none'
  readonly replay: { readonly start: false; readonly time: false; readonly offset: false }
  readonly lag: 'approximate'
  readonly handover: 'shared'
  readonly fencing: false
  readonly hold: false
  readonly delay: false
  readonly durableAck: 'replicated'
  readonly trustedRecords: false
  readonly callerTransaction: false
}

export const eventbridgeCapabilities: EventbridgeCapabilities = {
  name: 'eventbridge',
  order: 'none',
  replay: { start: false, time: false, offset: false },
  lag: 'approximate',
  handover: 'shared',
  fencing: false,
  hold: false,
  delay: false,
  maxBytes: limits.eventbridgeRequestBytes,
  handleWithinMs: limits.sqsHandleMs,
  durableAck: 'replicated',
  trustedRecords: false,
  callerTransaction: false,
}
