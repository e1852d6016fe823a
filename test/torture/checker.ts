import { countMisjudged, countOvertried } from './check-attempts.ts'
import { countOverlapping, countUnheld } from './check-order.ts'
import type { Conduct } from './conduct.ts'
import { type Entry, type Handling, nameOf } from './history.ts'

/** What a handler wrote through the inbox, in the order of the writes. */
export interface Effect extends Handling {
  readonly partition: number
  readonly generation: number
  /** As in {@link Entry}. */
  readonly atUs: number
}

/** A dead letter, and why it is one. */
export interface Buried extends Handling {
  readonly reason: string
}

export interface Evidence {
  readonly groups: readonly string[]
  /** Of these, the one in which later events of a key wait behind its dead letter. */
  readonly holdingGroup: string
  /** How often an event may be tried. */
  readonly attempts: number
  readonly conductOf: (handling: Handling) => Conduct
  /** In the order of time. */
  readonly history: readonly Entry[]
  readonly effects: readonly Effect[]
  readonly deadLetters: readonly Buried[]
}

/** How often each promise was broken; all 0 when none was. */
export interface Verdict {
  /** Acknowledged, and in some group neither handled nor a dead letter, nor discarded. */
  readonly lost: number
  /** Effects that are there again. */
  readonly doubled: number
  /** First deliveries, and effects, that come after a later one of their key. */
  readonly reordered: number
  /** Deliveries of a key that began while another one of it was at work in a living process. */
  readonly overlapping: number
  /** Commits that passed an event which was neither handled nor a dead letter. */
  readonly passed: number
  /** What an old generation could still write: effects after those of a newer one, commits that went back. */
  readonly stale: number
  /** Deliveries in the group that holds, begun while an earlier event of their key was neither handled nor discarded. */
  readonly unheld: number
  /** Deliveries beyond the attempts of their event, or whose number forgets attempts that had to be stored. */
  readonly overtried: number
  /** Dead letters that name the wrong event, or the wrong reason, for the death of a process. */
  readonly misjudged: number
}

/** Reads the evidence a few times from its beginning to its end: the time it takes grows with its length. */
export function check(evidence: Evidence): Verdict {
  const { groups, holdingGroup, history, effects, deadLetters } = evidence
  const looks = history.filter((entry) => entry.kind === 'looked')
  const started = history.filter((entry) => entry.kind === 'started')
  const discarded = history.flatMap((entry) => (entry.kind === 'discarded' ? [entry] : []))
  return {
    lost: countLost(groups, history, [...effects, ...deadLetters, ...discarded]),
    doubled: effects.length - firsts(effects).length,
    reordered:
      countFalling(firsts(started), keyOf, ({ number }) => number) +
      countFalling(firsts(effects), keyOf, ({ number }) => number),
    overlapping: countOverlapping(history),
    passed: looks.filter(({ committed, unfinished }) => committed > unfinished).length,
    stale:
      countFalling(effects, partitionOf, ({ generation }) => generation) +
      countFalling(looks, partitionOf, ({ committed }) => committed),
    unheld: countUnheld(holdingGroup, history, effects),
    overtried: countOvertried(evidence),
    misjudged: countMisjudged(evidence),
  }
}

const keyOf = ({ group, key }: Handling): string => `${group} ${key}`
const partitionOf = ({ group, partition }: { group: string; partition: number }): string =>
  `${group} ${partition}`

function firsts<Each extends Handling>(handlings: readonly Each[]): readonly Each[] {
  const seen = new Set<string>()
  return handlings.filter((each) => seen.size < seen.add(nameOf(each)).size)
}

function countLost(
  groups: readonly string[],
  history: readonly Entry[],
  finished: readonly Handling[],
): number {
  const found = new Set(finished.map(nameOf))
  const acked = history.filter((entry) => entry.kind === 'acked')
  const missing = acked.flatMap(({ key, number }) =>
    groups.filter((group) => !found.has(nameOf({ group, key, number }))),
  )
  return missing.length
}

/** How many are lower than one before them under the same name. */
function countFalling<Each>(
  all: readonly Each[],
  underOf: (each: Each) => string,
  valueOf: (each: Each) => number,
): number {
  const highest = new Map<string, number>()
  let falling = 0
  for (const each of all) {
    const [under, value] = [underOf(each), valueOf(each)]
    const before = highest.get(under) ?? Number.NEGATIVE_INFINITY
    if (value < before) falling += 1
    else highest.set(under, value)
  }
  return falling
}
