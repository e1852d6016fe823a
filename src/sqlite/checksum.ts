import { crc32 } from 'node:zlib'

/** Over the body, seeded with where and when it was appended, so that none of the three can change unnoticed. */
export function recordChecksum(body: string, offset: number, appendedAt: number): number {
  return crc32(body, (offset ^ appendedAt ^ Math.floor(appendedAt / 2 ** 32)) >>> 0)
}
