import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Random, seededRandom } from '../../../src/kernel/index.ts'
import { openHistory, readHistory } from '../history.ts'
import { type PointsMutant, preloadOf } from '../mutant.ts'
import { logName } from './catalog.ts'
import { judge, type PointsVerdict } from './judge.ts'
import { keptInPostgres, forgetPostgres } from './kept-postgres.ts'
import { keptInSqlite } from './kept-sqlite.ts'
import type { Life } from './life.ts'
import { type Keeping, type Phase, type Point, phases, pointsOf } from './list.ts'

export interface PointsPlan {
  readonly keeping: Keeping
  /** Of the PostgreSQL server. */
  readonly url?: string | undefined
  /** Only these points; all for none. */
  readonly points?: readonly string[] | undefined
  readonly seed: number
  readonly say: (line: string) => void
  /** Broken on purpose: the run ends with the first death after which it has been seen. */
  readonly mutant?: PointsMutant | undefined
}

export interface PointsOutcome {
  readonly points: number
  /** Deaths: every point in every phase. */
  readonly runs: number
  /** Deaths "at" a point in which the step was seen to be under way. */
  readonly inside: number
  readonly orders: number
  readonly effects: number
  readonly verdict: PointsVerdict
}

const ordersPerLife = 40
/** A point that comes with every event is passed up to so often before. */
const mostPassings = 5
const lifeMs = 60_000
/** Lives in which the killer waits for a step that it finds under way, before it strikes when the step has begun. */
const provenLives = 2

interface Death {
  readonly point: Point
  readonly phase: Phase
}

/** Lets a service die at every point in every phase, each time on what the one before has left, and checks what all of them did. */
export async function runPoints(plan: PointsPlan): Promise<PointsOutcome> {
  const { keeping, url, seed, say } = plan
  const folder = mkdtempSync(join(tmpdir(), 'tidings-points-'))
  const schema = `points_${process.pid}_${seed}`
  const random = seededRandom(seed)
  const deaths = shuffled(deathsOf(plan), random)
  say(`${deaths.length} deaths with ${keeping}, seed ${seed}, in ${folder}`)
  const tell = openHistory(folder, 'main')
  const lives = new Lives({ folder, keeping, url, schema }, plan.mutant, (target) =>
    tell({ kind: 'killed', target }),
  )
  const look = async (): Promise<Omit<PointsOutcome, 'points' | 'runs' | 'inside'>> => {
    await lives.liveToTheEnd()
    const kept = keeping === 'sqlite' ? await keptInSqlite(folder) : await keptInPostgres(url ?? '', schema)
    try {
      return await judge(kept, join(folder, logName), readHistory(folder))
    } finally {
      await kept.close()
    }
  }
  let runs = 0
  let inside = 0
  for (const death of deaths) {
    const passing = 1 + Math.floor(random.next() * (death.point.isRare ? 1 : mostPassings))
    const isInside = await lives.die(death, passing)
    if (death.phase === 'at' && isInside) inside += 1
    runs += 1
    if (plan.mutant !== undefined && isBroken((await look()).verdict)) break
  }
  const points = new Set(deaths.map(({ point }) => point.name)).size
  const outcome = { points, runs, inside, ...(await look()) }
  if (isBroken(outcome.verdict) && plan.mutant === undefined) say(`Something is broken: see ${folder}.`)
  else rmSync(folder, { recursive: true })
  if (keeping === 'postgres') await forgetPostgres(url ?? '', schema)
  return outcome
}

export const isBroken = (verdict: PointsVerdict): boolean => Object.values(verdict).some((times) => times > 0)

function deathsOf({ keeping, points }: PointsPlan): readonly Death[] {
  const known = pointsOf(keeping)
  const chosen = known.filter(({ name }) => points === undefined || points.includes(name))
  return chosen.flatMap((point) => phases.map((phase) => ({ point, phase })))
}

function shuffled<Each>(all: readonly Each[], random: Random): readonly Each[] {
  return all
    .map((each) => ({ each, place: random.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ each }) => each)
}

/** One process after the other. */
class Lives {
  readonly #place: Pick<Life, 'folder' | 'keeping' | 'url' | 'schema'>
  readonly #options: readonly string[]
  readonly #killed: (target: string) => void
  #count = 0

  constructor(
    place: Pick<Life, 'folder' | 'keeping' | 'url' | 'schema'>,
    mutant: PointsMutant | undefined,
    killed: (target: string) => void,
  ) {
    this.#place = place
    this.#options = mutant === undefined ? [] : ['--import', preloadOf(mutant)]
    this.#killed = killed
  }

  /** Whether it died inside of the step, where it should. @throws unless it dies there. */
  async die({ point, phase }: Death, passing: number): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const isProven = attempt <= provenLives
      const strike = { point: point.name, phase, passing, isProven }
      const { name, signal, code } = await this.#live({ orders: ordersPerLife, strike })
      if (signal === 'SIGKILL') {
        this.#killed(name)
        return isProven
      }
      if (code === 0 && phase === 'at' && isProven) continue
      throw new Error(
        `${name} did not die ${phase} "${point.name}": it ended with ${signal ?? code}. See ${name}.stderr in ${this.#place.folder}.`,
      )
    }
  }

  /** Finishes what is left. @throws unless it ends by itself. */
  async liveToTheEnd(): Promise<void> {
    const { name, signal, code } = await this.#live({ orders: 5 })
    if (code === 0) return
    throw new Error(`${name} ended with ${signal ?? code}: see ${name}.stderr in ${this.#place.folder}.`)
  }

  async #live(told: Pick<Life, 'orders' | 'strike'>): Promise<{
    readonly name: string
    readonly code: number | null
    readonly signal: NodeJS.Signals | null
  }> {
    const life = ++this.#count
    const name = `service.${life}`
    const { folder } = this.#place
    const stderr = openSync(join(folder, `${name}.stderr`), 'a')
    const program = join(import.meta.dirname, 'service.ts')
    const text = JSON.stringify({ ...this.#place, ...told, name, life } satisfies Life)
    const child = spawn(process.execPath, [...this.#options, program, text], {
      stdio: ['ignore', 'ignore', stderr, 'ipc'],
    })
    closeSync(stderr)
    const patience = new AbortController()
    const impatient = setTimeout(lifeMs, undefined, { signal: patience.signal }).then(
      () => child.kill('SIGABRT'),
      () => undefined,
    )
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    patience.abort()
    await impatient
    return { name, code, signal }
  }
}
