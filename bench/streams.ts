import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inChild, median, rounded, say } from './harness.ts'
import { eventsPerAppend, inFlight } from './streams/measure.ts'

export interface StreamsBenchOptions {
  readonly rounds: number
}

const appends = { warmUp: 6_400, appends: 25_600 }
const loads = { events: 1_000, passes: 200 }
const contention = { contenders: 16, commands: 200 }

/** How fast are streams in a SQLite file, compared with bare loops over the same rows? */
export async function benchStreams({ rounds }: StreamsBenchOptions): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  try {
    const measured: Round[] = []
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`)
      measured.push(await runRound(join(folder, `${round}`), join(folder, 'cache')))
    }
    return { bench: 'streams', rounds, ...machine(), inFlight, eventsPerAppend, ...report(measured) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Hot {
  readonly perSecond: number
  readonly longestMs: number
}

interface Round {
  readonly appendPerSecond: number
  readonly rawAppendPerSecond: number
  readonly fullMs: number
  readonly snapshotMs: number
  readonly rawMs: number
  readonly together: Hot
  readonly apart: Hot
}

/** Product and yardstick take turns, so that what else the machine does falls on both. */
async function runRound(file: string, cache: string): Promise<Round> {
  const product = async <Figures>(name: string, options: object): Promise<Figures> =>
    (await inChild<Figures>(cache, 'streams/measure.ts', name, options)).figures
  const raw = async <Figures>(name: string, options: object): Promise<Figures> =>
    (await inChild<Figures>(cache, 'raw/streams.ts', name, options)).figures
  const { perSecond: appendPerSecond } = await product<{ perSecond: number }>('append', {
    file: `${file}.append.db`,
    ...appends,
  })
  const { perSecond: rawAppendPerSecond } = await raw<{ perSecond: number }>('rawAppend', {
    file: `${file}.raw.db`,
    ...appends,
  })
  const stream = { file: `${file}.load.db`, ...loads }
  await product('fill', stream)
  const { ms: rawMs } = await raw<{ ms: number }>('rawLoad', stream)
  const loaded = await product<{ fullMs: number; snapshotMs: number }>('load', stream)
  const together = await product<Hot>('hot', { file: `${file}.hot.db`, ...contention, services: 1 })
  const apart = await product<Hot>('hot', { file: `${file}.apart.db`, ...contention, services: 16 })
  return { appendPerSecond, rawAppendPerSecond, rawMs, ...loaded, together, apart }
}

function report(rounds: readonly Round[]): object {
  const middle = (of: (round: Round) => number, digits = 2): number => rounded(median(rounds.map(of)), digits)
  const hot = (of: (round: Round) => Hot): object => ({
    perSecond: middle((round) => of(round).perSecond, 0),
    longestMs: rounded(Math.max(...rounds.map((round) => of(round).longestMs)), 0),
  })
  return {
    append: {
      perSecond: middle((round) => round.appendPerSecond, 0),
      rawPerSecond: middle((round) => round.rawAppendPerSecond, 0),
      ofRaw: middle((round) => round.appendPerSecond / round.rawAppendPerSecond),
      wanted: '>= 0.5',
    },
    load: {
      events: loads.events,
      ms: middle((round) => round.fullMs),
      rawMs: middle((round) => round.rawMs),
      ofRaw: middle((round) => round.fullMs / round.rawMs),
      wanted: '<= 2',
    },
    snapshot: {
      ms: middle((round) => round.snapshotMs, 3),
      ofFullLoad: middle((round) => round.snapshotMs / round.fullMs),
      wanted: '<= 0.2',
    },
    hot: {
      ...contention,
      inOneService: hot(({ together }) => together),
      inSixteenServices: hot(({ apart }) => apart),
    },
  }
}

function machine(): object {
  const { node, sqlite } = process.versions
  return { node, sqlite, cpu: cpus()[0]?.model, cpus: cpus().length }
}
