import type { Committed } from './gap-writers.ts'

export interface Relayed {
  readonly id: string
  readonly key: string
  readonly version: number
  readonly appendedAt: number
}

export interface Verdict {
  /** Committed, and never in the log. */
  readonly missed: number
  /** In the log without a commit. */
  readonly phantoms: number
  /** One change under two ids: the inbox would not know it again. */
  readonly doubled: number
  /** The same id once more: a relay was killed between publishing and settling. The inbox passes these over. */
  readonly repeated: number
  /** Of a key, a version after a greater one, repeats left out. */
  readonly reordered: number
  /** The longest time from a commit to its record in the log, while a relay was at work. */
  readonly longestWaitMs: number
}

/** @param pauses when no relay was at work. */
export function check(
  committed: readonly Committed[],
  relayed: readonly Relayed[],
  pauses: readonly { readonly fromMs: number; readonly untilMs: number }[],
): Verdict {
  const firsts = new Map<string, Relayed>()
  const ids = new Set<string>()
  const newest = new Map<string, number>()
  const found = { doubled: 0, repeated: 0, reordered: 0 }
  for (const each of relayed) {
    if (ids.has(each.id)) {
      found.repeated += 1
      continue
    }
    ids.add(each.id)
    if (firsts.has(nameOf(each))) found.doubled += 1
    else firsts.set(nameOf(each), each)
    if (each.version < (newest.get(each.key) ?? 0)) found.reordered += 1
    newest.set(each.key, Math.max(each.version, newest.get(each.key) ?? 0))
  }
  const known = new Set(committed.map(nameOf))
  const waits = committed.map((each) => {
    const first = firsts.get(nameOf(each))
    return first === undefined ? 0 : waitMs(each.atMs, first.appendedAt, pauses)
  })
  return {
    missed: committed.filter((each) => !firsts.has(nameOf(each))).length,
    phantoms: [...firsts.keys()].filter((name) => !known.has(name)).length,
    ...found,
    longestWaitMs: Math.max(0, ...waits),
  }
}

function waitMs(
  fromMs: number,
  untilMs: number,
  pauses: readonly { readonly fromMs: number; readonly untilMs: number }[],
): number {
  const paused = pauses.map((each) => Math.min(untilMs, each.untilMs) - Math.max(fromMs, each.fromMs))
  return untilMs - fromMs - paused.reduce((sum, each) => sum + Math.max(0, each), 0)
}

function nameOf({ key, version }: { readonly key: string; readonly version: number }): string {
  return `${key} ${version}`
}
