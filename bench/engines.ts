import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { runningOf, startServer, stopServer } from '../test/engines/folder.ts'
import { postgresServer } from '../test/engines/postgres.ts'
import { inChild, median, rounded, say } from './harness.ts'
import type { Latency } from './sqlite/end-to-end.ts'
import type { Rate } from './sqlite/publish.ts'

const events = 51_200
const warmUp = 12_800
const pace = { perSecond: 200, warmUpMs: 1_000, elapsedMs: 4_000 }

interface Round {
  readonly publish: Rate
  readonly rawPublish: Rate
  readonly consume: Rate
  readonly rawConsume: Rate
  readonly endToEnd: Latency
  readonly rawEndToEnd: Latency
}

/** How fast is Tidings on a server, compared with its bare client on the same server? PostgreSQL so far. */
export async function benchEngines({ rounds }: { readonly rounds: number }): Promise<object> {
  const missing = postgresServer.missing()
  if (missing !== undefined) throw new Error(missing)
  const isOurs = runningOf(postgresServer) === undefined
  const folder = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  const { url, version } = await startServer(postgresServer)
  try {
    const all: Round[] = []
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`)
      all.push(await runRound(folder, url, round))
    }
    const machine = { node: process.versions.node, cpu: cpus()[0]?.model, cpus: cpus().length }
    return { bench: 'engines', rounds, ...machine, postgres: { version, ...reportOf(all) } }
  } finally {
    if (isOurs) await stopServer(postgresServer)
    await rm(folder, { recursive: true })
  }
}

/** Product and yardstick take turns, so that what else the machine does falls on both. */
async function runRound(cache: string, url: string, round: number): Promise<Round> {
  const schemas: string[] = []
  const place = (name: string): string => {
    const schema = `bench_${process.pid}_${round}_${name}`
    if (!schemas.includes(schema)) schemas.push(schema)
    return `${url}?schema=${schema}`
  }
  const run = async <Figures>(file: string, measurement: string, options: object): Promise<Figures> => {
    const { figures } = await inChild<Figures>(cache, file, measurement, options)
    say(`  ${measurement} ${JSON.stringify(figures)}`)
    return figures
  }
  const raw = 'raw/postgres.ts'
  const size = { warmUp, events }
  const product = { file: place('product'), warmUps: 1, passes: 1, readsSignal: false }
  const measured = {
    publish: await run<Rate>('sqlite/publish.ts', 'publishBatches', { file: place('product'), ...size }),
    rawPublish: await run<Rate>(raw, 'rawPublish', { url: place('raw'), ...size }),
    consume: await run<Rate>('sqlite/consume.ts', 'consume', product),
    rawConsume: await run<Rate>(raw, 'rawConsume', { url: place('raw'), ...size }),
    endToEnd: await run<Latency>('sqlite/end-to-end.ts', 'endToEnd', { file: place('paced'), ...pace }),
    rawEndToEnd: await run<Latency>(raw, 'rawEndToEnd', { url: place('rawpaced'), ...pace }),
  }
  const pool = new pg.Pool({ connectionString: url })
  for (const schema of schemas) await pool.query(`DROP SCHEMA ${schema} CASCADE`)
  await pool.end()
  return measured
}

function reportOf(rounds: readonly Round[]): object {
  const of = (figure: (round: Round) => number): number => rounded(median(rounds.map(figure)))
  const compared = (rate: (round: Round) => Rate, bare: (round: Round) => Rate): object => ({
    perSecond: Math.round(of((round) => rate(round).perSecond)),
    yardstickPerSecond: Math.round(of((round) => bare(round).perSecond)),
    ratio: of((round) => rate(round).perSecond / bare(round).perSecond),
  })
  return {
    publish: compared(
      ({ publish }) => publish,
      ({ rawPublish }) => rawPublish,
    ),
    consume: compared(
      ({ consume }) => consume,
      ({ rawConsume }) => rawConsume,
    ),
    endToEnd: {
      p50Ms: of(({ endToEnd }) => endToEnd.p50Ms),
      p99Ms: of(({ endToEnd }) => endToEnd.p99Ms),
      overheadP50Ms: of(({ endToEnd, rawEndToEnd }) => endToEnd.p50Ms - rawEndToEnd.p50Ms),
    },
  }
}
