import type { DeadLetter, DeadLetterState } from './dead-letter.ts'

export interface DeadLetterFilter {
  readonly group?: string | undefined
  /** Groups whose name begins so. */
  readonly groupPrefix?: string | undefined
  readonly topic?: string | undefined
  readonly states?: readonly DeadLetterState[] | undefined
}

export interface DeadLetterPage {
  readonly limit: number
  /** The id after which to go on: `next` of the page before. */
  readonly after?: string | undefined
}

/** Where dead letters are kept. Every method that writes fulfils when the write is durable. */
export interface DeadLetterStore {
  /** Writes entries; one that is there under the same id is replaced, unless it is `handled` or `discarded`. */
  put(entries: readonly DeadLetter[]): Promise<void>
  /** What the owner of a partition must deliver: entries in these states, in offset order. */
  open(
    group: string,
    topic: string,
    partition: number,
    states: readonly DeadLetterState[],
  ): Promise<readonly DeadLetter[]>
  /** Asks for a redrive; only a `dead` entry can be. Returns the ids that now are `requested`. */
  request(ids: readonly string[]): Promise<readonly string[]>
  /** Ends an entry. */
  resolve(id: string, state: 'handled' | 'discarded'): Promise<void>
  get(id: string): Promise<DeadLetter | undefined>
  /** Ordered by id. */
  list(
    filter: DeadLetterFilter,
    page: DeadLetterPage,
  ): Promise<{ readonly entries: readonly DeadLetter[]; readonly next: string | undefined }>
  count(filter: DeadLetterFilter): Promise<number>
  /** Calls back when something may have been requested, by any process. Returns how to stop. */
  watch(changed: () => void): () => void
}
