import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const pooledIds = 256
const randomBytes = 10

/**
 * Makes ids as UUID version 7 (RFC 9562 §5.7): they sort by creation time, which keeps the indexes they end up in
 * cheap to extend. Ids of one millisecond are in no order among themselves.
 */
export function createIds(clock: Clock, random: Random): () => string {
  const pool = new Uint8Array(pooledIds * randomBytes)
  let at = pool.length
  let stampedMs = -1
  let stamp = ''
  let stampedHigh = -1
  let beginning = ''
  /** The first 48 bits of a time; of its first 32, which change once in 65 seconds, the text is kept. */
  const stampOf = (nowMs: number): string => {
    const high = Math.floor(nowMs / 65_536)
    if (high !== stampedHigh) {
      stampedHigh = high
      beginning = `${high.toString(16).padStart(8, '0')}-`
    }
    const low = Math.floor(nowMs) % 65_536
    return `${beginning}${hex[low >> 8]}${hex[low & 255]}-`
  }
  const byte = (index: number): number => pool[at + index] ?? 0
  return () => {
    const nowMs = clock.now()
    if (nowMs !== stampedMs) {
      stamp = stampOf(nowMs)
      stampedMs = nowMs
    }
    if (at >= pool.length) {
      random.fill(pool)
      at = 0
    }
    const id = `${stamp}${hex[0x70 | (byte(0) & 0x0f)]}${hex[byte(1)]}-${hex[0x80 | (byte(2) & 0x3f)]}${hex[byte(3)]}-${hex[byte(4)]}${hex[byte(5)]}${hex[byte(6)]}${hex[byte(7)]}${hex[byte(8)]}${hex[byte(9)]}`
    at += randomBytes
    return id
  }
}
