import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { runningOf, startServer, stopServer } from '../test/engines/folder.ts'
import { postgresServer } from '../test/engines/postgres.ts'
import { say } from './harness.ts'
import { OutboxRuns } from './outbox/runs.ts'

export interface OutboxBenchOptions {
  readonly rounds: number
}

/** What does an event in the caller's transaction cost, and how fast does a relay bring events to a log? */
export async function benchOutbox({ rounds }: OutboxBenchOptions): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  const missing = postgresServer.missing()
  if (missing !== undefined) say(`Without PostgreSQL: ${missing}`)
  const isOurs = missing === undefined && runningOf(postgresServer) === undefined
  const server = missing === undefined ? await startServer(postgresServer) : undefined
  try {
    const runs = new OutboxRuns(folder, server?.url)
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`)
      await runs.round(round)
    }
    const versions = {
      node: process.versions.node,
      sqlite: process.versions.sqlite,
      postgres: server?.version,
    }
    const machine = { cpu: cpus()[0]?.model, cpus: cpus().length }
    return { bench: 'outbox', rounds, versions, ...machine, ...runs.report() }
  } finally {
    if (isOurs) await stopServer(postgresServer)
    await rm(folder, { recursive: true })
  }
}
