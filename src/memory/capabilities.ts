import { type LogStoreCapabilities, logStoreCapabilities } from '../log/index.ts'

export interface MemoryCapabilities extends LogStoreCapabilities {
  readonly name: 'memory'
  readonly durableAck: 'memory'
  readonly callerTransaction: false
}

export const memoryCapabilities: MemoryCapabilities = {
  ...logStoreCapabilities,
  name: 'memory',
  durableAck: 'memory',
  callerTransaction: false,
}
