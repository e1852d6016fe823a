import { limits, shown, TidingsError } from '../kernel/index.ts'
import type { StreamId } from './stream-store.ts'

/** A stream as texts name it: `cart-7`. */
export function streamText({ name, id }: StreamId): string {
  return `${name}-${id}`
}

/** @throws `name_invalid` for an id that is empty, too long or not printable. */
export function checkStreamId(name: string, id: string): void {
  if (typeof id === 'string' && id.length <= limits.streamIdLength && printable.test(id)) return
  throw new TidingsError(
    'name_invalid',
    `A stream "${name}" cannot have the id ${shown(id)}. Use 1 to ${limits.streamIdLength} printable characters.`,
  )
}

const printable = /^[^\p{C}]+$/u
