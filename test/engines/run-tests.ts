/**
 * `npm run test:engines [-- words of file names]`: the tests that need a server, on all that can be had here. Starts what
 * does not run, stops what it has started, and ends with one table.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runningOf, startServer, stopServer } from './folder.ts'
import { type Server, urlVariable } from './server.ts'
import { servers } from './servers.ts'
import { type EngineUnderTest, tableOf } from './table.ts'

const root = join(import.meta.dirname, '..', '..')
const started: Server[] = []
const engines: EngineUnderTest[] = []
const env = { ...process.env }

try {
  for (const server of servers) engines.push(await have(server))
  process.exitCode = runTests(process.argv.slice(2))
} finally {
  for (const server of started) await stopServer(server)
}

/** A server that runs, started where it does not; or why it cannot be had. */
async function have(server: Server): Promise<EngineUnderTest> {
  const { name, testsIn } = server
  const missing = server.missing()
  if (missing !== undefined) return { name, testsIn, missing }
  try {
    if (runningOf(server) === undefined) started.push(server)
    const { url, version } = await startServer(server)
    env[urlVariable(name)] = url
    return { name, testsIn, version }
  } catch (error) {
    return { name, testsIn, missing: `It could not be started: ${String(error)}` }
  }
}

/** Returns the exit code: 1 also when a server that is there had no test. */
function runTests(words: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-engines-'))
  try {
    const report = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const args = ['run', '--config', 'vitest.engines.config.ts', ...reporters, ...words]
    const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: root,
      env,
      stdio: 'inherit',
    })
    console.log(`\n${tableOf(engines, JSON.parse(readFileSync(report, 'utf8')), root)}`)
    return status ?? 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
