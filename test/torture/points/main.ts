/** `npm run torture -- points`: one line of JSON says what broke; words go to stderr. */
import { runningOf, startServer, stopServer } from '../../engines/folder.ts'
import { postgresServer } from '../../engines/postgres.ts'
import { type Keeping, keepings, pointsOf } from './list.ts'
import { isBroken, type PointsOutcome, runPoints } from './run.ts'

export interface PointsCommand {
  /** Where the service keeps what it writes; all that can be had for undefined. */
  readonly engine?: Keeping | undefined
  /** Only these points; all for none. */
  readonly points: readonly string[]
  readonly seed: number
  readonly say: (line: string) => void
}

/** Returns what is to be printed, and whether all is well. */
export async function pointsCommand(
  command: PointsCommand,
): Promise<{ readonly line: object; readonly isWell: boolean }> {
  const startedAt = performance.now()
  checkPoints(command)
  const outcomes: PointsOutcome[] = []
  const engines: Keeping[] = []
  for (const keeping of command.engine === undefined ? keepings : [command.engine]) {
    const outcome = await (keeping === 'postgres' ? onPostgres(command) : run(command, keeping))
    if (outcome === undefined) continue
    engines.push(keeping)
    outcomes.push(outcome)
    command.say(`${keeping}: ${JSON.stringify(outcome)}`)
  }
  const sum = (of: (outcome: PointsOutcome) => number): number =>
    outcomes.reduce((total, each) => total + of(each), 0)
  const line = {
    torture: 'points',
    engines,
    points: sum(({ points }) => points),
    runs: sum(({ runs }) => runs),
    inside: sum(({ inside }) => inside),
    orders: sum(({ orders }) => orders),
    effects: sum(({ effects }) => effects),
    lost: sum(({ verdict }) => verdict.lost),
    doubled: sum(({ verdict }) => verdict.doubled),
    reordered: sum(({ verdict }) => verdict.reordered),
    orphaned: sum(({ verdict }) => verdict.orphaned),
    overlapping: sum(({ verdict }) => verdict.overlapping),
    stale: sum(({ verdict }) => verdict.stale),
    seed: command.seed,
    elapsedMs: Math.round(performance.now() - startedAt),
  }
  return { line, isWell: outcomes.length > 0 && !outcomes.some(({ verdict }) => isBroken(verdict)) }
}

/** @throws `RangeError` for a point that there is not. */
function checkPoints({ points }: PointsCommand): void {
  const known = new Set(keepings.flatMap((keeping) => pointsOf(keeping).map(({ name }) => name)))
  const unknown = points.filter((name) => !known.has(name))
  if (unknown.length > 0)
    throw new RangeError(`There is no point "${unknown.join('", "')}". There are: ${[...known].join(', ')}.`)
}

function run({ points, seed, say }: PointsCommand, keeping: Keeping, url?: string): Promise<PointsOutcome> {
  return runPoints({ keeping, url, points: points.length === 0 ? undefined : points, seed, say })
}

/** Undefined where there is no server. @throws where it was asked for. */
async function onPostgres(command: PointsCommand): Promise<PointsOutcome | undefined> {
  const missing = postgresServer.missing()
  if (missing !== undefined) {
    if (command.engine === 'postgres') throw new Error(missing)
    command.say(`Without postgres: ${missing}`)
    return undefined
  }
  const isOurs = runningOf(postgresServer) === undefined
  const { url } = await startServer(postgresServer)
  try {
    return await run(command, 'postgres', url)
  } finally {
    if (isOurs) await stopServer(postgresServer)
  }
}
