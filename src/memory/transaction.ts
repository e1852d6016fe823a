import type { CallerTransaction } from '../kernel/index.ts'

/** A transaction of the memory stores: what is written in it is there for others once it has run to its end. */
export interface MemoryTx {
  /** Calls back when the transaction commits, in the order asked for; not at all when it fails. The callback does not throw. */
  afterCommit(write: () => void): void
}

export interface MemoryTransaction extends CallerTransaction {
  readonly tx: MemoryTx
  readonly written: void
}

/** Runs writes as one transaction: all of them when it returns, none when it throws. */
export function memoryTransaction<Result>(run: (tx: MemoryTx) => Result): Result {
  const writes: (() => void)[] = []
  const result = run({ afterCommit: (write) => void writes.push(write) })
  for (const write of writes) write()
  return result
}
