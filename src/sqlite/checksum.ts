import { crc32 } from 'node:zlib'

/** Over the body, seeded with where (its rowid) and when it was appended: none of the three can change unnoticed. */
export function recordChecksum(body: string, id: number, appendedAt: number): number {
  return crc32(body, (folded(id) ^ folded(appendedAt)) >>> 0)
}

/** The halves of a safe integer over each other: a change of any one bit changes the result. */
function folded(integer: number): number {
  return integer ^ Math.floor(integer / 2 ** 32)
}
