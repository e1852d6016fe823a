import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { say } from './harness.ts'
import { report } from './sqlite/report.ts'
import { Runs } from './sqlite/runs.ts'

export interface SqliteBenchOptions {
  readonly rounds: number
  /** Records in the large log of the question whether a log slows down as it grows. */
  readonly records: number
}

const batch = 256
const warmUp = 25_600
const events = 76_800
const smallLog = 10_240

/** How fast is Tidings on a SQLite file, compared with a bare loop over the same rows, and in how much memory? */
export async function benchSqlite(options: SqliteBenchOptions): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  try {
    const runs = new Runs(folder)
    for (let round = 1; round <= options.rounds; round++) {
      say(`round ${round} of ${options.rounds}`)
      await runRound(runs)
    }
    await runGrowth(runs, options)
    return { bench: 'sqlite', ...options, batch, ...report(runs) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Product and yardstick take turns, so that what else the machine does falls on both. */
async function runRound(runs: Runs): Promise<void> {
  const file = runs.file('log.db')
  await runs.publish('publishBatches', 'publishBatches', { file, warmUp, events })
  await runs.rawWrite({ source: file, file: runs.file('raw.db'), batch, warmUp })
  await runs.publish('publishInFlight', 'publishInFlight', {
    file: runs.file('in-flight.db'),
    warmUp,
    events,
  })
  await runs.consume('consume', { file, warmUps: 1, passes: 1, readsSignal: false })
  await runs.rawRead({ file, warmUps: 1, passes: 1 })
  await runs.consume('consumeWithSignal', { file, warmUps: 1, passes: 1, readsSignal: true })
  await runs.endToEnd({ file: runs.file('paced.db'), perSecond: 1_000, warmUpMs: 1_000, elapsedMs: 5_000 })
  await runs.forget('log.db', 'raw.db', 'in-flight.db', 'paced.db')
}

/** The same work on a small log and on a large one, in turns; of the large one, the newest records are consumed. */
async function runGrowth(runs: Runs, { rounds, records }: SqliteBenchOptions): Promise<void> {
  const [small, large] = [runs.file('small.db'), runs.file('large.db')]
  const many = Math.ceil(records / batch) * batch
  say(`a log of ${smallLog} and one of ${many} records`)
  await runs.publish('fillSmall', 'publishBatches', { file: small, warmUp: 0, events: smallLog })
  await runs.publish('fillLarge', 'publishBatches', { file: large, warmUp: 0, events: many })
  const some = { warmUp: smallLog, events: 51_200 }
  for (let round = 1; round <= rounds; round++) {
    say(`growth, round ${round} of ${rounds}`)
    await runs.consume('consumeSmall', { file: small, warmUps: 10, passes: 20, readsSignal: false })
    await runs.consume('consumeLarge', {
      file: large,
      newest: 20 * smallLog,
      warmUps: 1,
      passes: 1,
      readsSignal: false,
    })
    await runs.publish('publishSmall', 'publishBatches', { file: runs.file('fresh.db'), ...some })
    await runs.publish('publishLarge', 'publishBatches', { file: large, ...some })
    await runs.forget('fresh.db')
  }
}
