import type { Verdict } from './checker.ts'
import { killOne } from './kill.ts'
import type { Mutant } from './mutant.ts'
import { pauseOne } from './pause.ts'
import { isCaught, torture } from './run.ts'

export const faults = { kill: killOne, pause: pauseOne }

/** How a mutant fared. */
export interface Catch {
  readonly mutant: Mutant
  /** Undefined for one that survived. */
  readonly cycles: number | undefined
  /** What every check has counted until then. */
  readonly verdict: Verdict
}

export interface Hunt {
  readonly mutants: readonly Mutant[]
  /** The most for each mutant. */
  readonly cycles: number
  readonly seed: number
  readonly say: (line: string) => void
}

/** Runs each mutant until it is caught. */
export async function hunt({ mutants, cycles, seed, say }: Hunt): Promise<readonly Catch[]> {
  const catches: Catch[] = []
  for (const mutant of mutants) {
    say(`Mutant "${mutant.name}": ${mutant.breaks}`)
    const outcome = await torture({ cycles, seed, fault: faults[mutant.fault], say, mutant })
    const { verdict } = outcome
    const caught = isCaught(mutant, verdict)
    say(caught ? `caught in cycle ${outcome.cycles}` : 'survived')
    catches.push({ mutant, cycles: caught ? outcome.cycles : undefined, verdict })
  }
  return catches
}

/** The checks that have counted something. */
export const seenBy = ({ verdict }: Catch): readonly string[] =>
  Object.entries(verdict)
    .filter(([, times]) => times > 0)
    .map(([name]) => name)
