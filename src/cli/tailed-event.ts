import { type CloudEvent, decodeEvent, encodeJson } from '../event/index.ts'
import { TidingsError } from '../index.ts'
import type { StoredRecord } from '../log/index.ts'
import type { Output } from './output.ts'
import { cut, printable, timeText } from './text.ts'

/** A record with its event, or with why it cannot be read. */
export interface TailedEvent {
  readonly record: StoredRecord
  readonly event: CloudEvent | TidingsError
}

export function tailedEvent(record: StoredRecord): TailedEvent {
  try {
    return { record, event: decodeEvent(record.encoded) }
  } catch (error) {
    if (error instanceof TidingsError) return { record, event: error }
    throw error
  }
}

/** The event as structured JSON; undefined where it cannot be read. */
export function eventLine({ event }: TailedEvent): string | undefined {
  return event instanceof TidingsError ? undefined : encodeJson(event)
}

/** The event as a line for people: when it was appended, where it is, what it says. */
export function readableLine({ record, event }: TailedEvent, output: Output): string | undefined {
  if (event instanceof TidingsError) return undefined
  const place = `${timeText(record.appendedAt)}  ${placeText(record).padEnd(8)}`
  const text = printable([event.type, event.subject ?? '-', dataText(event.data)].join('  '))
  const width = output.columns === undefined ? text.length : output.columns - place.length - 2
  return `${output.dim(place)}  ${cut(text, width)}`
}

/** 3/1207 */
export function placeText({ partition, offset }: Pick<StoredRecord, 'partition' | 'offset'>): string {
  return `${partition}/${offset}`
}

function dataText(data: unknown): string {
  if (data instanceof Uint8Array) return `${data.length} bytes`
  return data === undefined ? '-' : JSON.stringify(data)
}
