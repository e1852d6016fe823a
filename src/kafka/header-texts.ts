import { limits } from '../kernel/index.ts'
import type { Cursor } from './cursor.ts'

/** Name and value: as text where the bytes are UTF-8, which says the same. */
export type KafkaHeader = readonly [name: string | Buffer, value: string | Buffer | null]

/** Makes text of headers: names, and most values, are those of the record before, and are not made again. */
export class HeaderTexts {
  /** By place among the headers of a record. */
  readonly #names: string[] = []
  readonly #values: string[] = []

  read(cursor: Cursor): readonly KafkaHeader[] {
    const headers: KafkaHeader[] = []
    const count = cursor.signed()
    for (let place = 0; place < count; place++) {
      const name = textAt(cursor, this.#names, place) ?? ''
      headers.push([name, textAt(cursor, this.#values, place)])
    }
    return headers
  }
}

function textAt(cursor: Cursor, known: string[], place: number): string | Buffer | null {
  const length = cursor.signed()
  if (length < 0) return null
  const { bytes, at } = cursor
  cursor.at += length
  const before = known[place]
  if (before !== undefined && isAt(before, bytes, at, length)) return before
  const text = bytes.toString('utf8', at, at + length)
  // Put for bytes that are none: what they are is for others to say.
  if (text.includes('\uFFFD')) return Buffer.from(bytes.subarray(at, at + length))
  if (place < limits.kafkaHeaderNames && length <= limits.kafkaHeaderBytes) known[place] = text
  return text
}

/** Whether the bytes are this text, in ASCII. */
function isAt(text: string, bytes: Buffer, at: number, length: number): boolean {
  if (text.length !== length) return false
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code > 127 || code !== bytes[at + index]) return false
  }
  return true
}
