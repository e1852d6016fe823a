import { type CallerTransaction, isThenable, TidingsError } from '../kernel/index.ts'

/** A transaction of the memory stores: what is written in it is there for others once it has run to its end. */
export interface MemoryTx {
  /**
   * Calls back when the transaction commits, in the order asked for; not at all when it fails. The callback does not throw.
   * @throws `transaction_invalid` when the transaction is over.
   */
  afterCommit(write: () => void): void
}

export interface MemoryTransaction extends CallerTransaction {
  readonly tx: MemoryTx
  readonly written: void
}

/**
 * Runs writes as one transaction: all of them when it returns, none when it throws.
 * @throws `transaction_async` for a function that returns a Promise, and whatever the function throws.
 */
export function memoryTransaction<Result>(run: (tx: MemoryTx) => Result): Result {
  const writes: (() => void)[] = []
  let isOver = false
  try {
    const result = run({
      afterCommit(write) {
        if (isOver) throw transactionOver()
        writes.push(write)
      },
    })
    if (isThenable(result)) throw notSynchronous(result)
    for (const write of writes) write()
    return result
  } finally {
    isOver = true
  }
}

function transactionOver(): TidingsError {
  return new TidingsError(
    'transaction_invalid',
    'The transaction given as tx is over, so nothing could commit with its rows. Write while its function runs.',
  )
}

function notSynchronous(result: PromiseLike<unknown>): TidingsError {
  // What it does later is outside of the transaction; its own failure must not go unnoticed as unhandled.
  Promise.resolve(result).catch(() => undefined)
  return new TidingsError(
    'transaction_async',
    'The function given to memoryTransaction returned a Promise. Await what you need before, and write inside it without await.',
  )
}
