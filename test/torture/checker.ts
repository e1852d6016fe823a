import type { Entry, Handling } from './history.ts'

/** What a handler wrote through the inbox, in the order of the writes. */
export interface Effect extends Handling {
  readonly partition: number
  readonly generation: number
}

export interface Evidence {
  readonly groups: readonly string[]
  /** In the order of time. */
  readonly history: readonly Entry[]
  readonly effects: readonly Effect[]
  readonly deadLetters: readonly Handling[]
}

/** How often each promise was broken; all 0 when none was. */
export interface Verdict {
  /** Acknowledged, and in some group neither handled nor a dead letter. */
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
}

/** Reads the evidence once: the time it takes grows with its length. */
export function check({ groups, history, effects, deadLetters }: Evidence): Verdict {
  const looks = history.filter((entry) => entry.kind === 'looked')
  const started = history.filter((entry) => entry.kind === 'started')
  const firstDeliveries = firsts(started)
  return {
    lost: countLost(groups, history, [...effects, ...deadLetters]),
    doubled: effects.length - firsts(effects).length,
    reordered:
      countFalling(firstDeliveries, keyOf, ({ number }) => number) +
      countFalling(firsts(effects), keyOf, ({ number }) => number),
    overlapping: countOverlapping(history),
    passed: looks.filter(({ committed, unfinished }) => committed > unfinished).length,
    stale:
      countFalling(effects, partitionOf, ({ generation }) => generation) +
      countFalling(looks, partitionOf, ({ committed }) => committed),
  }
}

const keyOf = ({ group, key }: Handling): string => `${group} ${key}`
const eventOf = ({ group, key, number }: Handling): string => `${group} ${key} ${number}`
const partitionOf = ({ group, partition }: { group: string; partition: number }): string =>
  `${group} ${partition}`

function firsts<Each extends Handling>(handlings: readonly Each[]): readonly Each[] {
  const seen = new Set<string>()
  return handlings.filter((each) => seen.size < seen.add(eventOf(each)).size)
}

function countLost(
  groups: readonly string[],
  history: readonly Entry[],
  finished: readonly Handling[],
): number {
  const found = new Set(finished.map(eventOf))
  const acked = history.filter((entry) => entry.kind === 'acked')
  const missing = acked.flatMap(({ key, number }) =>
    groups.filter((group) => !found.has(eventOf({ group, key, number }))),
  )
  return missing.length
}

/** How many are lower than one before them under the same name. */
function countFalling<Each>(
  all: readonly Each[],
  nameOf: (each: Each) => string,
  valueOf: (each: Each) => number,
): number {
  const highest = new Map<string, number>()
  let falling = 0
  for (const each of all) {
    const [name, value] = [nameOf(each), valueOf(each)]
    const before = highest.get(name) ?? Number.NEGATIVE_INFINITY
    if (value < before) falling += 1
    else highest.set(name, value)
  }
  return falling
}

/**
 * A killed process ends its deliveries, and so does a paused one: it may wake after its lease, when others have long
 * taken over. What it begins after that counts in full. The fault is told right before it is applied, so what is
 * begun in the instant between has ended too.
 */
function countOverlapping(history: readonly Entry[]): number {
  const atWork = new Map<string, Set<string>>()
  const halted = new Set<string>()
  let overlapping = 0
  for (const entry of history) {
    if (entry.kind === 'started') {
      const running = atWork.get(keyOf(entry)) ?? new Set()
      if (running.size > 0) overlapping += 1
      if (!halted.has(entry.process)) atWork.set(keyOf(entry), running.add(entry.process))
    } else if (entry.kind === 'ended') atWork.get(keyOf(entry))?.delete(entry.process)
    else if (entry.kind === 'resumed') halted.delete(entry.target)
    else if (entry.kind === 'killed' || entry.kind === 'paused') {
      halted.add(entry.target)
      for (const running of atWork.values()) running.delete(entry.target)
    }
  }
  return overlapping
}
