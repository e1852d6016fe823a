import { createHash } from 'node:crypto'
import { checkOptionNames, isThenable, shown, TidingsError } from '../kernel/index.ts'
import type { Cause } from './domain-events.ts'
import type { Moment } from './moment.ts'
import { streamText } from './stream-name.ts'
import type { StreamId } from './stream-store.ts'

/** What goes with a command, beside what it says. */
export interface CommandOptions {
  /** When it happened: the `time` of its events that set none. Default: the clock. */
  readonly time?: Moment | undefined
  /** The event that a handler reacts to: it gives the command's events their correlation id and causation id. */
  readonly causedBy?: Cause | undefined
  /**
   * Carries the command out once for this key and stream, also when it is sent again: a handler gives its delivery's
   * `idempotencyKey`, and where it sends several commands to one stream, a key of its own to each. The ids of the events
   * derive from it, so a command that makes none is decided again.
   */
  readonly idempotencyKey?: string | undefined
}

const optionNames = { time: true, causedBy: true, idempotencyKey: true } as const satisfies Record<
  keyof CommandOptions,
  true
>

/** @throws `option_invalid` */
export function checkCommandOptions(where: string, options: CommandOptions): void {
  checkOptionNames(where, options, optionNames)
  const { causedBy, idempotencyKey } = options
  const wrong = (name: string, value: unknown, wanted: string): TidingsError =>
    new TidingsError('option_invalid', `${where} got ${shown(value)} as ${name}. Give ${wanted}.`)
  if (causedBy !== undefined && !isText(causedBy?.id))
    throw wrong('causedBy', causedBy, 'an event, or { id }')
  if (idempotencyKey !== undefined && !isText(idempotencyKey))
    throw wrong(
      'idempotencyKey',
      idempotencyKey,
      "text that is not empty, such as a delivery's idempotencyKey",
    )
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** The id of a command's event, from 0: the same for the same key, stream and place. */
export function derivedId(idempotencyKey: string, stream: StreamId, index: number): string {
  const hash = createHash('sha256').update(JSON.stringify([idempotencyKey, stream.name, stream.id]))
  return `${hash.digest('base64url')}-${index}`
}

/** @throws `option_invalid` for a command on an aggregate that returned a Promise: what it raises later would be lost. */
export function checkSynchronous(stream: StreamId, returned: unknown): void {
  if (!isThenable(returned)) return
  Promise.resolve(returned).catch(() => undefined)
  throw new TidingsError(
    'option_invalid',
    `The command for stream "${streamText(stream)}" returned a Promise. Await before it what it needs, and make the function synchronous.`,
  )
}
