import { type ContractOptions, runContract } from './contract.ts'
import type { SchemaStoreContext } from './schema-store-context.ts'
import { schemaStoreReadCases } from './schema-store-read-cases.ts'
import { schemaStoreWriteCases } from './schema-store-write-cases.ts'

export type { SchemaStoreContext }

/** What every SchemaStore promises. */
export function schemaStoreContract(options: ContractOptions<SchemaStoreContext>): void {
  runContract({ ...schemaStoreWriteCases, ...schemaStoreReadCases }, options)
}
