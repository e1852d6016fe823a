/**
 * `npm run gaps -- [--seconds 60] [--writers 16] [--seed 1]`: transactions that commit in another order than they were
 * numbered, and a relay that is killed. One line of JSON; words go to stderr.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runningOf, startServer, stopServer } from '../engines/folder.ts'
import { postgresServer } from '../engines/postgres.ts'
import { runGaps } from './gap-run.ts'
import { faultsOf } from './gap-verdict.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    writers: { type: 'string', default: '16' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
})
const wasRunning = runningOf(postgresServer) !== undefined
try {
  const { url } = await startServer(postgresServer)
  const numbers = {
    seconds: Number(values.seconds),
    writers: Number(values.writers),
    seed: Number(values.seed),
  }
  const line = await runGaps({ url, ...numbers })
  for (const fault of faultsOf(line)) {
    process.stderr.write(`${fault}\n`)
    process.exitCode = 1
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
} finally {
  if (!wasRunning) await stopServer(postgresServer)
}
