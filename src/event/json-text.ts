import { checkJsonText, limits, TidingsError, tooDeep } from '../kernel/index.ts'
import { invalidEvent } from './invalid-event.ts'
import { checkJsonSize } from './json-size.ts'

/** What JSON text may be; by default what one event may be. */
export interface JsonBounds {
  readonly bytes: number
  readonly levels: number
}

const eventBounds: JsonBounds = { bytes: limits.eventBytes, levels: limits.jsonDepth }

/** `data` that stands alone: it keeps its place within the depth of the event around it. */
export const dataBounds: JsonBounds = { bytes: limits.eventBytes, levels: limits.jsonDepth - 1 }

/** An array of events: one level more than an event. */
export const batchBounds: JsonBounds = { bytes: limits.eventBatchBytes, levels: limits.jsonDepth + 1 }

/**
 * The value of JSON text from outside.
 * @throws `event_too_large` · `json_too_deep` · `json_unsafe` for a key `__proto__` · `json_invalid` with the place.
 */
export function parseJson(text: string, bounds: JsonBounds = eventBounds): unknown {
  checkJsonSize(text, bounds.bytes)
  checkJsonText(text, bounds.levels)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new TidingsError(
      'json_invalid',
      `This is not JSON: ${messageOf(error)}. Send what a JSON encoder wrote, in UTF-8 without a byte order mark.`,
      { cause: error },
    )
  }
}

/**
 * JSON text that {@link parseJson} accepts.
 * @param path where the value stands in the event, as a JSON Pointer for the error.
 * @throws `event_invalid` for what JSON cannot hold: a BigInt, a cycle, NaN, a function or undefined in an array ·
 * `json_too_deep` · `json_unsafe` · `event_too_large`.
 */
export function stringifyJson(value: unknown, path: string, bounds: JsonBounds = eventBounds): string {
  const text = stringify(value, path, bounds)
  checkJsonSize(text, bounds.bytes)
  checkJsonText(text, bounds.levels)
  return text
}

function stringify(value: unknown, path: string, bounds: JsonBounds): string {
  try {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON`)
    // What JSON cannot hold became null: only text with a null in it can have lost something.
    if (text.includes('null')) JSON.stringify(value, refuseLoss)
    return text
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(bounds.levels)
    throw invalidEvent([{ path, message: `cannot be written as JSON: ${messageOf(error)}` }], error)
  }
}

function refuseLoss(this: unknown, key: string, value: unknown): unknown {
  const lost =
    typeof value === 'number'
      ? !Number.isFinite(value)
      : Array.isArray(this) && ['undefined', 'function', 'symbol'].includes(typeof value)
  if (lost) throw new TypeError(`${JSON.stringify(key)} is ${String(value)}`)
  return value
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error)
}
