const encoder = new TextEncoder()
const buffer = new Uint8Array(4 * 1024)

/**
 * The partition of a key: Kafka's default partitioner (murmur2 of the key's UTF-8, sign bit cleared, modulo the
 * count), so that a key lands alike on every engine and for every client of Kafka's Java family.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

/** The name of a partition in sets and maps. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

/** MurmurHash2, 32 bit, with Kafka's seed. */
export function murmur2(key: string): number {
  let bytes = buffer
  let length = 0
  if (key.length * 3 <= buffer.length) {
    length = encodeShort(key)
  } else {
    bytes = encoder.encode(key)
    length = bytes.length
  }
  const at = (index: number): number => bytes[index] ?? 0
  const multiplier = 0x5bd1e995
  let hash = 0x9747b28c ^ length
  const end = length & ~3
  for (let index = 0; index < end; index += 4) {
    let word = at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | (at(index + 3) << 24)
    word = Math.imul(word, multiplier)
    word ^= word >>> 24
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier)
  }
  const rest = length - end
  if (rest > 2) hash ^= at(end + 2) << 16
  if (rest > 1) hash ^= at(end + 1) << 8
  if (rest > 0) hash = Math.imul(hash ^ at(end), multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

/** Keys are mostly short and ASCII: a loop is several times faster than a call into the encoder. */
function encodeShort(key: string): number {
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index)
    if (code > 0x7f) return encoder.encodeInto(key, buffer).written
    buffer[index] = code
  }
  return key.length
}
