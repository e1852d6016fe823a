import type { Verdict } from './checker.ts'

/** A promise of Tidings broken on purpose, by another text in one file: the torture has to see it. */
export interface Mutant {
  readonly name: string
  readonly breaks: string
  /** Under which faults it shows. */
  readonly fault: 'kill' | 'pause'
  /** Which of the checks should count it. */
  readonly caughtBy: readonly (keyof Verdict)[]
  /** Under `src`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** @throws unless the text is there exactly once: otherwise the mutant would break nothing, or something else. */
export function mutated(source: string, { name, file, find, replace }: Mutant): string {
  const [before, after, ...more] = source.split(find)
  if (before !== undefined && after !== undefined && more.length === 0) return before + replace + after
  const times = source.split(find).length - 1
  throw new Error(`The text that mutant "${name}" replaces is in src/${file} ${times} times. Find it again.`)
}

/** What a process imports before its program, so that the mutant is what it loads: a value of `--import`. */
export const preloadOf = ({ name }: Mutant): string =>
  `${new URL('mutate.ts', import.meta.url).href}?${new URLSearchParams({ mutant: name })}`
