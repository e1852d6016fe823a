/**
 * What an engine can do, as data. Whatever is asked of an engine that lacks it is a named error
 * (`capability_missing`), and a compile error where the engine is known statically.
 */
export interface Capabilities {
  /** The engine's name, as errors and pages show it: `sqlite`, `kafka`. */
  readonly name: string
  /** `partition`: records of one partition are delivered in the order they were appended. */
  readonly order: 'partition' | 'none'
  /** Where reading again may begin. */
  readonly replay: { readonly start: boolean; readonly time: boolean; readonly offset: boolean }
  readonly lag: 'exact' | 'approximate' | 'none'
  /** `drained`: a new owner starts when the old one has let go or its lease has ended. `overlapping`: perhaps before. */
  readonly handover: 'drained' | 'overlapping'
  /** Commits of a member that has lost its partition are refused. */
  readonly fencing: boolean
  /** Dead letters can hold back later events of their key. */
  readonly hold: boolean
  /** `publish(…, { notBefore })`. */
  readonly delay: boolean
  /** The largest event, in bytes. */
  readonly maxBytes: number
  /** What a fulfilled publish has reached. */
  readonly durableAck: 'fsync' | 'replicated' | 'memory'
  /** Records are only ours, and verified as they are read: they are parsed without being checked again. */
  readonly trustedRecords: boolean
  /** `publish(…, { tx })`: events commit with the caller's own rows. */
  readonly callerTransaction: boolean
}

/** The caller's transaction where an engine takes one: `Capabilities` of such an engine also have `'~tx'?: Tx`. */
export type TransactionOf<C extends Capabilities> = C extends { readonly '~tx'?: infer Tx } ? Tx : never

/** Where a partition begins that the group has never committed. */
export type Start<C extends Capabilities = Capabilities> =
  | 'end'
  | ([C['replay']['start']] extends [false] ? never : 'start')
  | ([C['replay']['time']] extends [false] ? never : { readonly time: string | Date })
  | ([C['replay']['offset']] extends [false] ? never : { readonly offset: number })
