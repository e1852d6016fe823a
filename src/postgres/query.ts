/**
 * What runs a statement: a client of `pg`, and with a small adapter the transaction of any query builder. Values are
 * strings, numbers, null, and in our own transactions arrays of these.
 */
export interface PostgresQuery {
  // A method, so that clients with narrower values fit.
  query(text: string, values?: unknown[]): Promise<PostgresResult>
}

export interface PostgresResult {
  readonly rows: readonly unknown[]
  /** What the statement was: `ROLLBACK` answers a COMMIT of a transaction that had failed. */
  readonly command?: string
}

/** A connection of a pool: what `pg`'s `PoolClient` is. */
export interface PostgresClient extends PostgresQuery {
  release(broken?: Error | boolean): void
  on(event: 'notification', listener: (message: PostgresNotification) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

export interface PostgresNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** Where our own work gets its connections: a `Pool` of `pg`. */
export interface PostgresPool extends PostgresQuery {
  connect(): Promise<PostgresClient>
}

/** `T` inside a transaction, `E` in one that has failed, `I` outside; undefined of a handle that does not say. */
export function statusOf(tx: PostgresQuery): string | undefined {
  if (!('getTransactionStatus' in tx) || typeof tx.getTransactionStatus !== 'function') return undefined
  const status: unknown = tx.getTransactionStatus()
  return typeof status === 'string' ? status : undefined
}
