import type { Keeping } from './list.ts'
import type { Strike } from './strike.ts'

/** What one process of the run is told. */
export interface Life {
  readonly folder: string
  /** In the history. */
  readonly name: string
  readonly life: number
  readonly keeping: Keeping
  /** Of PostgreSQL. */
  readonly url?: string | undefined
  readonly schema?: string | undefined
  /** Orders that it takes, if it lives. */
  readonly orders: number
  readonly strike?: Strike | undefined
}
