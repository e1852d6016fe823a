/**
 * A largest set of pairs, each left and each right in at most one: `pairs[left]` is its right. `hints` are tried
 * first, so that what did not change costs nothing more.
 * @param fits is asked at most once for each pair by the caller's own memory.
 */
export function largestMatching(
  left: number,
  right: number,
  fits: (left: number, right: number) => boolean,
  hints: ReadonlyMap<number, number> = new Map(),
): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>()
  const taken = new Map<number, number>()
  for (const [from, to] of hints) {
    if (!taken.has(to) && fits(from, to)) {
      pairs.set(from, to)
      taken.set(to, from)
    }
  }
  for (let start = 0; start < left; start++) {
    if (!pairs.has(start)) augment(start, right, fits, pairs, taken)
  }
  return pairs
}

/** Breadth first along alternating paths, without recursion. */
function augment(
  start: number,
  right: number,
  fits: (left: number, right: number) => boolean,
  pairs: Map<number, number>,
  taken: Map<number, number>,
): void {
  const reachedFrom = new Map<number, number>()
  const open = [start]
  for (const from of open) {
    for (let to = 0; to < right; to++) {
      if (reachedFrom.has(to) || !fits(from, to)) continue
      reachedFrom.set(to, from)
      const owner = taken.get(to)
      if (owner === undefined) return turn(to, reachedFrom, pairs, taken)
      open.push(owner)
    }
  }
}

/** Along the path back to its start, each left takes the right that it was reached through. */
function turn(
  end: number,
  reachedFrom: ReadonlyMap<number, number>,
  pairs: Map<number, number>,
  taken: Map<number, number>,
): void {
  for (let to: number | undefined = end; to !== undefined; ) {
    const from = reachedFrom.get(to)
    if (from === undefined) return
    const next = pairs.get(from)
    pairs.set(from, to)
    taken.set(to, from)
    to = next
  }
}
