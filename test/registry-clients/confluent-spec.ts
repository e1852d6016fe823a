import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Results {
  readonly numPassedTests: number
  readonly numTotalTests: number
  readonly testResults: readonly { readonly message: string }[]
}

/** Confluent's own end-to-end specification of its client, as it ships; only the port is written into the copy. */
export function runConfluentSpec(folder: string, port: number): string {
  const dist = join(folder, 'node_modules/@confluentinc/schemaregistry/dist')
  const constants = join(dist, 'test/test-constants.js')
  const text = readFileSync(constants, 'utf8')
  writeFileSync(constants, text.replace(/http:\/\/localhost:\d+/, `http://localhost:${port}`))
  const report = join(folder, 'spec.json')
  rmSync(report, { force: true })
  const options = {
    rootDir: folder,
    testMatch: [join(dist, 'e2e/schemaregistry-client.spec.js')],
    testPathIgnorePatterns: [],
    transform: {},
    haste: { retainAllFiles: true },
  }
  const jest = join(folder, 'node_modules/jest/bin/jest.js')
  const run = spawnSync(
    process.execPath,
    [jest, '--config', JSON.stringify(options), '--json', `--outputFile=${report}`, '--silent'],
    { cwd: folder, encoding: 'utf8' },
  )
  if (run.error !== undefined) throw run.error
  const results = JSON.parse(readFileSync(report, 'utf8')) as Results
  const { numPassedTests: passed, numTotalTests: total } = results
  if (passed !== 8 || total !== 8)
    throw new Error(results.testResults.map(({ message }) => message).join('\n'))
  return `${passed} of ${total} of its own end-to-end specification`
}
