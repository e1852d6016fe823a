import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import type { Engine } from '../../src/bus/index.ts'
import { openBus } from '../../src/index.ts'
import { type Random, seededRandom } from '../../src/kernel/index.ts'
import { attempts, catalog, groups, holdingGroup, inboxFile } from './catalog.ts'
import { check, type Evidence, type Verdict } from './checker.ts'
import { conductOf } from './conduct.ts'
import { createEffects, readEffects } from './effects.ts'
import { type Happening, nowUs, openHistory, readHistory } from './history.ts'
import { LapseWatcher } from './lapse-watcher.ts'
import { readLetters } from './letters.ts'
import { type Elsewhere, keepLogElsewhere, openLog } from './log.ts'
import type { TorturedMutant } from './mutant.ts'
import { Processes } from './processes.ts'
import { Redriver } from './redriver.ts'
import { Watcher } from './watcher.ts'

export interface Stage {
  readonly processes: Processes
  readonly random: Random
  readonly tell: (happening: Happening) => void
  /** Whether some group still takes a process for its member. */
  readonly isMember: (name: string) => Promise<boolean>
}

/** One fault, applied to the running processes; fulfils when it is over. */
export type Fault = (stage: Stage) => Promise<void>

export interface Plan {
  readonly cycles: number
  readonly seed: number
  readonly fault: Fault
  readonly say: (line: string) => void
  /** Broken on purpose: the run ends with the first cycle after which one of its checks has seen it. */
  /** Where the log is, if not in the folder of the run. */
  readonly elsewhere?: Elsewhere | undefined
  readonly mutant?: TorturedMutant | undefined
}

interface Figures {
  readonly kills: number
  readonly pauses: number
  /** Processes that an event has killed. */
  readonly crashes: number
  /** Leases that were seen to end, of members that were killed or paused too. */
  readonly lapses: number
  /** Events that were acknowledged. */
  readonly published: number
  readonly effects: number
  readonly deadLetters: number
  readonly redriven: number
  readonly discarded: number
}

export interface Outcome {
  /** That were run. */
  readonly cycles: number
  readonly figures: Figures
  readonly verdict: Verdict
  readonly elapsedMs: number
}

const quietMs = 120_000
/** Many and quick: what an old generation has committed is soon covered by a commit of the new one. */
const looksAfterFault = 20
const lookEveryMs = 5
/** A look at a server takes many requests. */
const looksElsewhere = 2
const roles = ['producer', 'member-1', 'member-2', 'member-3']

/**
 * Runs the processes through the cycles, lets them finish, and checks what they left. The folder is removed when
 * nothing was wrong, or what was wrong is a mutant; else its name is said.
 */
export async function torture({ cycles, seed, fault, say, elsewhere, mutant }: Plan): Promise<Outcome> {
  const startedAt = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'tidings-torture-'))
  say(`${cycles} cycles with seed ${seed} in ${folder}`)
  const tell = openHistory(folder, 'main')
  if (elsewhere !== undefined) keepLogElsewhere(folder, elsewhere)
  const engine = await openLog(folder)
  const bus = await openBus({ transport: engine, source: '/torture', catalog })
  const inbox = new DatabaseSync(inboxFile(folder))
  inbox.exec('PRAGMA journal_mode = WAL')
  createEffects(inbox)
  const processes = new Processes(folder, tell, mutant)
  const isMember = async (name: string): Promise<boolean> =>
    (await engine.admin.groups()).some(({ members }) => members.some(({ member }) => member === name))
  const stage = { processes, random: seededRandom(seed), tell, isMember }
  const watcher = new Watcher(engine, inbox)
  const redriver = new Redriver(engine, folder, seededRandom(seed + 1), tell)
  const lapses = new LapseWatcher(engine, tell)
  const evidence = (): Promise<Evidence> => evidenceOf(folder, engine, inbox)
  try {
    for (const role of roles) processes.start(role)
    redriver.start()
    lapses.start()
    await until(async () => (await backlog(engine)) !== undefined, 'The members joined no group')
    let cycle = 0
    let caught: Verdict | undefined
    while (cycle < cycles && caught === undefined) {
      cycle += 1
      await fault(stage)
      const untilUs = nowUs()
      await look(elsewhere === undefined ? looksAfterFault : looksElsewhere)
      if (cycle % 10 === 0) say(`cycle ${cycle}: ${await backlog(engine)} events behind`)
      if (mutant === undefined) continue
      const seen = check(before(untilUs, await evidence()))
      if (isCaught(mutant, seen)) caught = seen
    }
    if (caught === undefined) await finish()
    const left = await evidence()
    const verdict = caught ?? check(left)
    const figures = figuresOf(left)
    const broken = isBroken({ figures, verdict })
    if (broken && mutant === undefined) say(`What happened is kept in ${folder}`)
    else rmSync(folder, { recursive: true })
    const elapsedMs = Math.round(performance.now() - startedAt)
    return { cycles: cycle, figures, verdict, elapsedMs }
  } finally {
    processes.killAll()
    await Promise.all([redriver.end(), lapses.end()])
    inbox.close()
    await bus.close()
  }

  async function look(times: number): Promise<void> {
    for (let looks = 0; looks < times; looks++) {
      for (const seen of await watcher.look()) tell({ kind: 'looked', ...seen })
      await setTimeout(lookEveryMs)
    }
  }

  /** Ends the producer, and the members when they have nothing left to do. */
  async function finish(): Promise<void> {
    await processes.end('producer')
    await until(async () => (await backlog(engine)) === 0, 'The members did not catch up')
    await look(1)
    await processes.end('member')
  }

  /** Asks again and again. @throws when it is not so after `quietMs`; the folder stays. */
  async function until(isSo: () => Promise<boolean>, complaint: string): Promise<void> {
    const deadline = performance.now() + quietMs
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`${complaint} within ${quietMs} ms; see ${folder}.`)
      if (processes.living.length === 0) throw new Error(`Nobody lives; see ${folder}.`)
      await setTimeout(50)
    }
  }
}

/**
 * Of dead letters, how many may name an innocent one. An attempt is stored before it starts; who is killed from outside
 * once a second, again and again between the two, can tell as little as any other who was to blame.
 */
const misjudgedShare = 0.01

/** Whether a promise was broken. */
export function isBroken({ figures, verdict }: Pick<Outcome, 'figures' | 'verdict'>): boolean {
  const { misjudged, ...never } = verdict
  const tolerated = Math.ceil(misjudgedShare * figures.deadLetters)
  return misjudged > tolerated || Object.values(never).some((times) => times > 0)
}

export const isCaught = ({ caughtBy }: TorturedMutant, verdict: Verdict): boolean =>
  caughtBy.some((name) => verdict[name] > 0)

async function evidenceOf(folder: string, engine: Engine, inbox: DatabaseSync): Promise<Evidence> {
  const deadLetters = await readLetters(engine, { states: ['dead'] })
  const effects = readEffects(inbox)
  const history = readHistory(folder)
  return { groups, holdingGroup, attempts, conductOf, history, effects, deadLetters }
}

/**
 * Of processes that go on: what all of them had told some time before it was read. A later entry of one may be there
 * while an earlier one of another is not. What is not finished yet is not lost.
 */
function before(untilUs: number, evidence: Evidence): Evidence {
  const history = evidence.history.filter(({ atUs, kind }) => atUs <= untilUs || kind === 'lapsed')
  return { ...evidence, history, groups: [] }
}

function figuresOf({ history, effects, deadLetters }: Evidence): Figures {
  const count = (kind: Happening['kind']): number => history.filter((entry) => entry.kind === kind).length
  const killed = history.flatMap((entry) => (entry.kind === 'killed' ? [entry] : []))
  const crashes = killed.filter(({ process, target }) => process === target).length
  return {
    kills: killed.length - crashes,
    pauses: count('paused'),
    crashes,
    lapses: count('lapsed'),
    published: count('acked'),
    effects: effects.length,
    deadLetters: deadLetters.length,
    redriven: count('redriven'),
    discarded: count('discarded'),
  }
}

/**
 * Events that some group has not finished, with those that it keeps to finish later. In the group that holds, a dead
 * letter is not the end. Undefined before all groups have begun.
 */
async function backlog({ admin, deadLetters }: Engine): Promise<number | undefined> {
  const lags = await admin.lag()
  if (groups.some((group) => !lags.some((lag) => lag.group === group))) return undefined
  const kept = await deadLetters.count({ states: ['set-aside', 'parked', 'requested'] })
  const held = await deadLetters.count({ group: holdingGroup, states: ['dead'] })
  return lags.reduce((sum, { lag }) => sum + lag, kept + held)
}
