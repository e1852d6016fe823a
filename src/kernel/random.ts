import { randomFillSync } from 'node:crypto'

/** Where chance comes from. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  fill(bytes: Uint8Array): void
}

export const systemRandom: Random = {
  next: () => Math.random(),
  fill(bytes) {
    randomFillSync(bytes)
  },
}

/** The same numbers for the same seed (mulberry32), so that a run can be repeated. Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    fill(bytes) {
      for (let at = 0; at < bytes.length; at++) bytes[at] = next() * 256
    },
  }
}
