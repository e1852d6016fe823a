import type { StoredRecord } from './transport.ts'

/** How many records from the first on fit into a batch; one always does. */
export function fitting(records: readonly StoredRecord[], maxRecords: number, maxBytes: number): number {
  let bytes = 0
  let count = 0
  for (const { encoded } of records) {
    bytes += typeof encoded === 'string' ? encoded.length : (encoded.body?.length ?? 0)
    if (count >= maxRecords || (count > 0 && bytes > maxBytes)) break
    count += 1
  }
  return count
}
