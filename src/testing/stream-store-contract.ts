import { type ContractOptions, runContract } from './contract.ts'
import { appendCases } from './stream-store-append-cases.ts'
import type { StreamStoreContext } from './stream-store-context.ts'
import { readCases } from './stream-store-read-cases.ts'

/** What every StreamStore promises. */
export function streamStoreContract(options: ContractOptions<StreamStoreContext>): void {
  runContract({ ...appendCases, ...readCases }, options)
}
