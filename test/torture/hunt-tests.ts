import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runningOf, startServer, stopServer } from '../engines/folder.ts'
import { postgresServer } from '../engines/postgres.ts'
import { urlVariable } from '../engines/server.ts'
import type { Catch } from './hunt.ts'
import type { TestedMutant } from './mutant.ts'

const root = join(import.meta.dirname, '..', '..')

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/** Runs the tests with the mutant in the place of what it breaks. A server is started where they need one. */
export async function huntInTests(mutant: TestedMutant, say: (line: string) => void): Promise<Catch> {
  const needsServer = mutant.tests.some((file) => file.includes('.engine.'))
  const missing = needsServer ? postgresServer.missing() : undefined
  if (missing !== undefined) {
    say(`It cannot be looked for: ${missing}`)
    return { mutant, cycles: undefined, seenBy: [] }
  }
  const isOurs = needsServer && runningOf(postgresServer) === undefined
  const url = needsServer ? (await startServer(postgresServer)).url : undefined
  try {
    const failed = failedTests(mutant, url)
    for (const name of failed) say(`  ${name}`)
    const isSeen = failed.some((name) => name.includes(mutant.caughtBy))
    return {
      mutant,
      cycles: isSeen ? 1 : undefined,
      seenBy: failed.length === 0 ? [] : [`${failed.length} tests`],
    }
  } finally {
    if (isOurs) await stopServer(postgresServer)
  }
}

function failedTests({ name, tests }: TestedMutant, url: string | undefined): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-mutant-'))
  try {
    const file = join(folder, 'report.json')
    const options = [
      '--config',
      'test/torture/vitest.mutant.config.ts',
      '--reporter=json',
      `--outputFile=${file}`,
    ]
    const variables = { TIDINGS_MUTANT: name, ...(url && { [urlVariable('postgres')]: url }) }
    spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...options, ...tests], {
      cwd: root,
      env: { ...process.env, ...variables },
      stdio: 'ignore',
    })
    const report: Report = JSON.parse(readFileSync(file, 'utf8'))
    return report.testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .flatMap(({ fullName, status }) => (status === 'failed' ? [fullName] : []))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
