import { killOne } from './kill.ts'
import { huntInTests } from './hunt-tests.ts'
import type { Mutant, PointsMutant, TorturedMutant } from './mutant.ts'
import { pauseOne } from './pause.ts'
import { runPoints } from './points/run.ts'
import { isCaught, torture } from './run.ts'

export const faults = { kill: killOne, pause: pauseOne }

/** How a mutant fared. */
export interface Catch {
  readonly mutant: Mutant
  /** Cycles, deaths at points, or runs of tests until it was caught; undefined for one that survived. */
  readonly cycles: number | undefined
  /** The checks that have counted something until then, or the tests that failed. */
  readonly seenBy: readonly string[]
}

export interface Hunt {
  readonly mutants: readonly Mutant[]
  /** The most for each mutant. */
  readonly cycles: number
  readonly seed: number
  readonly say: (line: string) => void
}

/** Runs each mutant until it is caught. */
export async function hunt({ mutants, ...rest }: Hunt): Promise<readonly Catch[]> {
  const catches: Catch[] = []
  for (const mutant of mutants) {
    rest.say(`Mutant "${mutant.name}": ${mutant.breaks}`)
    const caught = await fateOf(mutant, rest)
    rest.say(caught.cycles === undefined ? 'survived' : `caught after ${caught.cycles}`)
    catches.push(caught)
  }
  return catches
}

type Means = Omit<Hunt, 'mutants'>

function fateOf(mutant: Mutant, means: Means): Promise<Catch> {
  if (mutant.fault === 'tests') return huntInTests(mutant, means.say)
  return mutant.fault === 'points' ? huntAtPoints(mutant, means) : huntByTorture(mutant, means)
}

async function huntByTorture(mutant: TorturedMutant, { cycles, seed, say }: Means): Promise<Catch> {
  const outcome = await torture({ cycles, seed, fault: faults[mutant.fault], say, mutant })
  const isSeen = isCaught(mutant, outcome.verdict)
  return { mutant, cycles: isSeen ? outcome.cycles : undefined, seenBy: counted(outcome.verdict) }
}

async function huntAtPoints(mutant: PointsMutant, { seed, say }: Means): Promise<Catch> {
  const { points } = mutant
  const { runs, verdict } = await runPoints({ keeping: 'sqlite', points, seed, say, mutant })
  const isSeen = mutant.caughtBy.some((name) => verdict[name] > 0)
  return { mutant, cycles: isSeen ? runs : undefined, seenBy: counted(verdict) }
}

const counted = (verdict: object): readonly string[] =>
  Object.entries(verdict).flatMap(([name, times]) => (times > 0 ? [name] : []))
