import type { Verdict } from './checker.ts'
import type { PointsVerdict } from './points/judge.ts'

/** A promise of Tidings broken on purpose, by another text in one file: it has to be seen. */
export interface Broken {
  readonly name: string
  readonly breaks: string
  /** Under `src`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** One that shows when processes die or stop at any time. */
export interface TorturedMutant extends Broken {
  readonly fault: 'kill' | 'pause'
  /** Which of the checks should count it. */
  readonly caughtBy: readonly (keyof Verdict)[]
}

/** One that shows when a process dies at certain points. */
export interface PointsMutant extends Broken {
  readonly fault: 'points'
  readonly points: readonly string[]
  readonly caughtBy: readonly (keyof PointsVerdict)[]
}

/** One that no fault is needed for: tests, some of which need a server, fail. */
export interface TestedMutant extends Broken {
  readonly fault: 'tests'
  /** Files of tests. */
  readonly tests: readonly string[]
  /** Part of the name of a test that should fail. */
  readonly caughtBy: string
}

export type Mutant = TorturedMutant | PointsMutant | TestedMutant

/** @throws unless the text is there exactly once: otherwise the mutant would break nothing, or something else. */
export function mutated(source: string, { name, file, find, replace }: Broken): string {
  const [before, after, ...more] = source.split(find)
  if (before !== undefined && after !== undefined && more.length === 0) return before + replace + after
  const times = source.split(find).length - 1
  throw new Error(`The text that mutant "${name}" replaces is in src/${file} ${times} times. Find it again.`)
}

/** What a process imports before its program, so that the mutant is what it loads: a value of `--import`. */
export const preloadOf = ({ name }: Broken): string =>
  `${new URL('mutate.ts', import.meta.url).href}?mutant=${encodeURIComponent(name)}`
