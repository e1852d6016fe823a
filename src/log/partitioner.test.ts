import fc from 'fast-check'
import { expect, test } from 'vitest'
import { murmur2, partitionName, partitionOf } from './partitioner.ts'

test.each([
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107],
])('The hash of %j is that of Kafka', (key, hash) => {
  expect(murmur2(key)).toBe(hash)
})

test('A key is hashed as UTF-8, whatever its length', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.integer({ min: 1, max: 400 }),
      (text, times) => {
        const key = text.repeat(times)
        expect(murmur2(key)).toBe(reference(new TextEncoder().encode(key)))
      },
    ),
    { numRuns: 200 },
  )
})

test('Every key has a partition of its topic, with one partition too', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 1_024 }), (key, partitions) => {
      const partition = partitionOf(key, partitions)
      expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true)
    }),
  )
})

test('Keys spread evenly over the partitions', () => {
  const counts = Array.from({ length: 8 }, () => 0)
  for (let order = 0; order < 10_000; order++) counts[partitionOf(`orders/${order}`, 8)]! += 1
  expect(Math.min(...counts)).toBeGreaterThan(1_100)
  expect(Math.max(...counts)).toBeLessThan(1_400)
})

test('A partition is named by its topic and number', () => {
  expect(partitionName('orders', 3)).toBe('orders/3')
})

const times = (a: bigint, b: bigint): bigint => BigInt.asUintN(32, a * b)

/** MurmurHash2 written straight from its description, with 64-bit integers. */
function reference(bytes: Uint8Array): number {
  const word = (at: number, size: number): bigint => {
    let value = 0n
    for (let index = 0; index < size; index++) value |= BigInt(bytes[at + index] ?? 0) << BigInt(8 * index)
    return value
  }
  const multiplier = 0x5bd1e995n
  const whole = bytes.length - (bytes.length % 4)
  let hash = BigInt.asUintN(32, 0x9747b28cn ^ BigInt(bytes.length))
  for (let at = 0; at < whole; at += 4) {
    let next = times(word(at, 4), multiplier)
    next ^= next >> 24n
    hash = times(hash, multiplier) ^ times(next, multiplier)
  }
  if (whole < bytes.length) hash = times(hash ^ word(whole, bytes.length - whole), multiplier)
  hash ^= hash >> 13n
  hash = times(hash, multiplier)
  return Number(BigInt.asIntN(32, hash ^ (hash >> 15n)))
}
