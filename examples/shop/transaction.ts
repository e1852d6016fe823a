/** How a store's writes join a transaction: at once, or awaited. What serves for all stores is written for any of these. */
export interface Transaction {
  readonly tx: unknown
  readonly written: void | Promise<void>
}
