import type { Effect } from './checker.ts'
import { type Entry, type Handling, nameOf } from './history.ts'
import { Lapses } from './lapses.ts'

/**
 * Deliveries of a key that began while another one of it was at work. A killed process ends its deliveries, and so does
 * a paused one: it may wake after its lease, when others have long taken over. What it begins after that counts in
 * full. The fault is told right before it is applied, so what is begun in the instant between has ended too.
 */
export function countOverlapping(history: readonly Entry[]): number {
  const lapses = new Lapses(history)
  /** By key, the processes at work and when they began. */
  const atWork = new Map<string, Map<string, number>>()
  const halted = new Set<string>()
  let overlapping = 0
  for (const entry of history) {
    if (entry.kind === 'started') {
      const running = atWork.get(keyOf(entry)) ?? new Map<string, number>()
      const others = [...running].filter(([process, fromUs]) => !lapses.between(process, fromUs, entry.atUs))
      if (others.length > 0) overlapping += 1
      if (!halted.has(entry.process)) atWork.set(keyOf(entry), running.set(entry.process, entry.atUs))
    } else if (entry.kind === 'ended') atWork.get(keyOf(entry))?.delete(entry.process)
    else if (entry.kind === 'resumed') halted.delete(entry.target)
    else if (entry.kind === 'killed' || entry.kind === 'paused') {
      halted.add(entry.target)
      for (const running of atWork.values()) running.delete(entry.target)
    }
  }
  return overlapping
}

/**
 * Deliveries in the group that holds, begun while an earlier event of their key was begun and is neither handled nor
 * discarded: it may be at work, wait for its next attempt, or be a dead letter that was not redriven, or failed again.
 */
export function countUnheld(group: string, history: readonly Entry[], effects: readonly Effect[]): number {
  const finished = new Set<string>()
  /** Per key the earliest that was begun and is not finished. */
  const open = new Map<string, Handling>()
  let unheld = 0
  for (const entry of inOrderOfTime(group, history, effects)) {
    const before = open.get(entry.key)
    if (entry.kind !== 'started') {
      finished.add(nameOf(entry))
      if (before?.number === entry.number) open.delete(entry.key)
    } else if (before !== undefined && before.number < entry.number) unheld += 1
    else if (!finished.has(nameOf(entry))) open.set(entry.key, entry)
  }
  return unheld
}

type Step = Handling & { readonly kind: 'started' | 'discarded' | 'effect'; readonly atUs: number }

/** Two lists that are in order already: sorting them is a merge. */
function inOrderOfTime(
  group: string,
  history: readonly Entry[],
  effects: readonly Effect[],
): readonly Step[] {
  const told = history.filter((entry) => entry.kind === 'started' || entry.kind === 'discarded')
  const written = effects.map((effect) => ({ ...effect, kind: 'effect' as const }))
  return [...told, ...written].filter((each) => each.group === group).toSorted((a, b) => a.atUs - b.atUs)
}

const keyOf = ({ group, key }: Handling): string => `${group} ${key}`
