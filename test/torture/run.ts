import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { openBus } from '../../src/index.ts'
import { type Random, seededRandom } from '../../src/kernel/index.ts'
import { type SqliteEngine, sqlite } from '../../src/sqlite/index.ts'
import { catalog, groups, inboxFile, logFile } from './catalog.ts'
import { check, type Evidence, type Verdict } from './checker.ts'
import { createEffects, readEffects } from './effects.ts'
import { type Entry, type Happening, openHistory, readHistory } from './history.ts'
import { readDeadLetters } from './letters.ts'
import { Processes } from './processes.ts'
import { Watcher } from './watcher.ts'

export interface Stage {
  readonly processes: Processes
  readonly random: Random
  readonly tell: (happening: Happening) => void
}

/** One fault, applied to the running processes; fulfils when it is over. */
export type Fault = (stage: Stage) => Promise<void>

export interface Plan {
  readonly cycles: number
  readonly seed: number
  readonly fault: Fault
  readonly say: (line: string) => void
}

interface Figures {
  readonly kills: number
  readonly pauses: number
  /** Events that were acknowledged. */
  readonly published: number
  readonly effects: number
  readonly deadLetters: number
}

export interface Outcome extends Figures, Verdict {
  readonly cycles: number
  readonly seed: number
  readonly elapsedMs: number
}

const quietMs = 60_000
/** Many and quick: what an old generation has committed is soon covered by a commit of the new one. */
const looksAfterFault = 20
const lookEveryMs = 5
const roles = ['producer', 'member-1', 'member-2', 'member-3']

/**
 * Runs the processes through the cycles, lets them finish, and checks what they left. The folder is removed when
 * nothing was wrong; else its name is said.
 */
export async function torture({ cycles, seed, fault, say }: Plan): Promise<Outcome> {
  const startedAt = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'tidings-torture-'))
  say(`${cycles} cycles with seed ${seed} in ${folder}`)
  const tell = openHistory(folder, 'main')
  const engine = await sqlite(logFile(folder))
  const bus = await openBus({ transport: engine, source: '/torture', catalog })
  const inbox = new DatabaseSync(inboxFile(folder))
  inbox.exec('PRAGMA journal_mode = WAL')
  createEffects(inbox)
  const stage = { processes: new Processes(folder, tell), random: seededRandom(seed), tell }
  const watcher = new Watcher(engine, inbox)
  const look = async (): Promise<void> => {
    for (const seen of await watcher.look()) tell({ kind: 'looked', ...seen })
  }
  try {
    for (const role of roles) stage.processes.start(role)
    await until(async () => (await backlog(engine)) !== undefined, 'The members joined no group')
    for (let cycle = 1; cycle <= cycles; cycle++) {
      await fault(stage)
      for (let looks = 0; looks < looksAfterFault; looks++) {
        await look()
        await setTimeout(lookEveryMs)
      }
      if (cycle % 10 === 0) say(`cycle ${cycle}: ${await backlog(engine)} events behind`)
    }
    await stage.processes.end('producer')
    await until(async () => (await backlog(engine)) === 0, 'The members did not catch up')
    await look()
    await stage.processes.end('member')
    const evidence = await evidenceOf(folder, engine, inbox)
    const verdict = check(evidence)
    if (Object.values(verdict).some((times) => times > 0)) say(`What happened is kept in ${folder}`)
    else rmSync(folder, { recursive: true })
    return {
      cycles,
      ...figuresOf(evidence),
      ...verdict,
      seed,
      elapsedMs: Math.round(performance.now() - startedAt),
    }
  } finally {
    stage.processes.killAll()
    inbox.close()
    await bus.close()
  }

  /** Asks again and again. @throws when it is not so after `quietMs`; the folder stays. */
  async function until(isSo: () => Promise<boolean>, complaint: string): Promise<void> {
    const deadline = performance.now() + quietMs
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`${complaint} within ${quietMs} ms; see ${folder}.`)
      if (stage.processes.living.length === 0) throw new Error(`Nobody lives; see ${folder}.`)
      await setTimeout(50)
    }
  }
}

async function evidenceOf(folder: string, engine: SqliteEngine, inbox: DatabaseSync): Promise<Evidence> {
  const history = readHistory(folder)
  return { groups, history, effects: readEffects(inbox), deadLetters: await readDeadLetters(engine) }
}

function figuresOf({ history, effects, deadLetters }: Evidence): Figures {
  const count = (kind: Entry['kind']): number => history.filter((entry) => entry.kind === kind).length
  return {
    kills: count('killed'),
    pauses: count('paused'),
    published: count('acked'),
    effects: effects.length,
    deadLetters: deadLetters.length,
  }
}

/** Events that some group has not finished, with those it still retries; undefined before all groups have begun. */
async function backlog({ admin, deadLetters }: SqliteEngine): Promise<number | undefined> {
  const lags = await admin.lag()
  if (groups.some((group) => !lags.some((lag) => lag.group === group))) return undefined
  const aside = await deadLetters.count({ states: ['set-aside'] })
  return lags.reduce((sum, { lag }) => sum + lag, aside)
}
