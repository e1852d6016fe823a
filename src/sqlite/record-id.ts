/** A record's rowid: its partition's slot × 2^40 + its offset; a safe integer for 8,192 slots. */
const offsetsPerSlot = 2 ** 40

export function recordId(slot: number, offset: number): number {
  return slot * offsetsPerSlot + offset
}

export function offsetOfId(slot: number, id: number): number {
  return id - slot * offsetsPerSlot
}
