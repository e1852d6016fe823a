/**
 * How a store's writes join a transaction that the caller has open, with the caller's own rows: all of them are there
 * after its commit, or none is.
 */
export interface CallerTransaction {
  /** The handle that the caller writes through: a connection, or the transaction of a query builder. */
  readonly tx: unknown
  /** What a write returns: nothing where it is done when the call returns (SQLite), a Promise where it is awaited (PostgreSQL). */
  readonly written: void | Promise<void>
}
