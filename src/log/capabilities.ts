import { limits } from '../kernel/index.ts'

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
  /**
   * `drained`: a new owner starts when the old one has let go or its lease has ended. `overlapping`: perhaps before.
   * `shared`: a partition is not owned: every member has all of them, and each event goes to one, whoever has room.
   */
  readonly handover: 'drained' | 'overlapping' | 'shared'
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
  /** Within what an event must be handled or a dead letter after its delivery, in ms; absent where it may take any time. */
  readonly handleWithinMs?: number | undefined
  /** `publish(…, { tx })`: events commit with the caller's own rows. */
  readonly callerTransaction: boolean
}

/** What is the same of every engine whose log is a `LogStore`: records, groups and their leases are ours. */
export interface LogStoreCapabilities extends Capabilities {
  readonly order: 'partition'
  readonly replay: { readonly start: true; readonly time: true; readonly offset: true }
  readonly lag: 'exact'
  readonly handover: 'drained'
  readonly fencing: true
  readonly hold: true
  readonly delay: true
  readonly trustedRecords: true
}

export const logStoreCapabilities: Omit<LogStoreCapabilities, 'name' | 'durableAck' | 'callerTransaction'> = {
  order: 'partition',
  replay: { start: true, time: true, offset: true },
  lag: 'exact',
  handover: 'drained',
  fencing: true,
  hold: true,
  delay: true,
  maxBytes: limits.eventBytes,
  trustedRecords: true,
}

declare const reason: unique symbol

/** No value has this type: it stands in a compile error as the reason, `EngineLacks<"delay">`. */
export interface EngineLacks<Capability extends string> {
  readonly [reason]: Capability
}

/** The type of an option that needs a capability: `Type`, or the reason where the engine is known to lack it. */
export type Needs<
  C extends Capabilities,
  Capability extends Exclude<keyof Capabilities, 'name' | 'replay' | 'maxBytes'>,
  Lacking extends Capabilities[Capability],
  Type,
> = [C[Capability]] extends [Lacking] ? EngineLacks<Capability> : Type

/** The same for a place that reading again may begin at. */
type NeedsReplay<C extends Capabilities, Place extends keyof Capabilities['replay'], Type> = [
  C['replay'][Place],
] extends [false]
  ? EngineLacks<`replay from ${Place}`>
  : Type

/** An offset to read from; the reason where an engine is known to keep no records. */
export type ReadableOffset<C extends Capabilities> = NeedsReplay<C, 'offset', number>

/** The caller's transaction where an engine takes one: `Capabilities` of such an engine also have `'~tx'?: Tx`. */
export type TransactionOf<C extends Capabilities> = C extends { readonly '~tx'?: infer Tx }
  ? Tx
  : EngineLacks<'callerTransaction'>

/** Where a partition begins that the group has never committed. */
export type Start<C extends Capabilities = Capabilities> =
  | 'end'
  | NeedsReplay<C, 'start', 'start'>
  | NeedsReplay<C, 'time', { readonly time: string | Date }>
  | NeedsReplay<C, 'offset', { readonly offset: number }>
