import type { LogStore } from '../log/index.ts'
import { type ContractOptions, runContract } from './contract.ts'
import { delayCases } from './log-store-delay-cases.ts'
import { groupCases } from './log-store-group-cases.ts'
import { recordCases } from './log-store-record-cases.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface LogStoreContext extends AsyncDisposable {
  readonly store: LogStore
  /** The store's own clock. */
  readonly clock: VirtualClock
}

/** What every LogStore promises. A new adapter is done when these pass. */
export function logStoreContract(options: ContractOptions<LogStoreContext>): void {
  runContract({ ...recordCases, ...delayCases, ...groupCases }, options)
}
