import type { EventAttributes, EventDefinition, NewEvent } from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import { checkOptionNames, limits, shown, TidingsError } from '../kernel/index.ts'
import { type Capabilities, capabilityMissing, type Needs, type TransactionOf } from '../log/index.ts'

export interface PublishOptions<C extends Capabilities = Capabilities> extends EventAttributes {
  /** The event whose handler publishes: `causationid` is its id, `correlationid` that of the flow, unless they are set here. */
  readonly causedBy?: CloudEvent | undefined
  /** The event is appended then, not before; on engines that declare `delay`. */
  readonly notBefore?: Needs<C, 'delay', false, Date | string> | undefined
  /** Absent here: with a transaction of the caller the options are `TransactionOptions`. */
  readonly tx?: Needs<C, 'callerTransaction', false, undefined>
}

/** Options of publishing in a transaction of the caller, on engines that declare `callerTransaction`. */
export interface TransactionOptions<C extends Capabilities = Capabilities>
  extends Omit<PublishOptions<C>, 'tx'> {
  readonly tx: TransactionOf<C>
}

/** Options of publishing several events, which have their attributes already. */
export type BatchOptions<C extends Capabilities = Capabilities> = Pick<
  PublishOptions<C>,
  'notBefore' | 'causedBy'
>

/** The same for whoever does not know the engine: the value of `notBefore` is looked at before it is used. */
export type CheckedOptions = Omit<PublishOptions, 'notBefore' | 'tx'> & { readonly notBefore?: unknown }
export type CheckedBatch = Pick<CheckedOptions, 'notBefore' | 'causedBy'>

const attributeNames = {
  id: true,
  subject: true,
  time: true,
  partitionkey: true,
  correlationid: true,
  causationid: true,
  sequence: true,
  traceparent: true,
  tracestate: true,
} as const satisfies Record<keyof EventAttributes, true>

const batchNames = { notBefore: true, causedBy: true } as const satisfies Record<keyof BatchOptions, true>
const optionNames = { ...attributeNames, ...batchNames, tx: true } as const

/** @throws `option_invalid` for a definition that is none, and for an option that is not known. */
export function checkPublish(definition: EventDefinition, options: CheckedOptions): void {
  checkOptionNames('publish', options, optionNames)
  checkCause('publish', options)
  if (typeof definition === 'object' && typeof definition?.create === 'function') return
  const find = typeof definition === 'string' ? '; catalog.definitionOf(type) finds it by its type' : ''
  throw new TidingsError(
    'option_invalid',
    `publish got ${shown(definition)} as its event. Give the definition itself, which defineEvent(…).version(…) makes${find}.`,
  )
}

/** @throws `option_invalid` for what is no list or has options that are not known; `limit_exceeded` */
export function checkBatch(call: string, events: readonly unknown[], options: CheckedBatch): void {
  checkOptionNames(call, options, batchNames)
  checkCause(call, options)
  if (!Array.isArray(events))
    throw new TidingsError('option_invalid', `${call} got ${shown(events)}. Give the events as an array.`)
  if (events.length <= limits.publishBatch) return
  throw new TidingsError(
    'limit_exceeded',
    `${events.length} events in one call; at most ${limits.publishBatch} are published at once. Publish them in several calls.`,
  )
}

function checkCause(call: string, { causedBy }: CheckedBatch): void {
  if (causedBy === undefined || typeof causedBy?.id === 'string') return
  throw new TidingsError(
    'option_invalid',
    `${call} got ${shown(causedBy)} as causedBy. Give the event that is handled: causedBy: event.`,
  )
}

/** @throws `option_invalid` for what no definition has made. */
export function checkMade(call: string, made: NewEvent, index: number): void {
  if (typeof made === 'object' && made !== null && typeof made.version === 'number') return
  const what = typeof made === 'object' && made !== null ? 'an object without a version' : shown(made)
  throw new TidingsError(
    'option_invalid',
    `${call} got ${what} at index ${index}. Make each event with definition.create(data); publishEvents takes whole CloudEvents.`,
  )
}

/** ms since the Unix epoch. @throws `capability_missing`, `option_invalid` */
export function notBeforeMs(notBefore: unknown, { name, delay }: Capabilities): number | undefined {
  if (notBefore === undefined) return undefined
  if (!delay) {
    throw capabilityMissing(
      name,
      'delay',
      'it appends nothing later. Publish when it is time, or use an engine that declares it (sqlite, postgres).',
    )
  }
  const isTime = notBefore instanceof Date || typeof notBefore === 'string'
  const ms = isTime ? new Date(notBefore).getTime() : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new TidingsError(
    'option_invalid',
    `notBefore is ${shown(notBefore)}, which is not a time. Write it like 2026-01-31T00:00:00Z.`,
  )
}
