import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { created, Shell } from './cli.fixture.ts'

const main = new URL('main.ts', import.meta.url).pathname

/** A Node that is too old, if the machine has one. */
const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
  if (!existsSync(path)) return false
  const { stdout } = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  return Number(stdout.split('.')[0]) < 24
})

test.skipIf(oldNode === undefined)('an old Node is told so before anything is imported', () => {
  using shell = new Shell()
  const script = shell.write('main.mjs', stripTypeScriptTypes(readFileSync(main, 'utf8')))
  const { status, stdout, stderr } = spawnSync(oldNode ?? '', [script, 'topics'], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(
    /^tidings: node_too_old: This is Node \d+\.\d+\.\d+; Tidings needs 24\.12 or newer\. .*\n$/,
  )
})

test('the entry imports nothing before it has looked at the version', () => {
  expect(readFileSync(main, 'utf8')).not.toMatch(/^(import|export) /m)
})

test('a process publishes from its stdin, and another one prints the events', async () => {
  using shell = new Shell()
  const options = { cwd: shell.folder, encoding: 'utf8' } as const
  const publish = spawnSync(process.execPath, [main, 'publish', '--file', '-'], {
    ...options,
    input: created('1'),
  })
  expect([publish.status, publish.stdout, publish.stderr]).toEqual([0, '', '1 event published, 0 refused.\n'])
  const tail = await promisify(execFile)(process.execPath, [main, 'tail', 'orders', '--json'], options)
  expect(JSON.parse(tail.stdout)).toMatchObject({ id: '1', source: '/elsewhere' })
})

test('a pipe that is closed by its reader ends the process quietly', async () => {
  using shell = new Shell()
  const stdin = Array.from({ length: 3_000 }, (_, at) => created(String(at))).join('\n')
  await shell.run(['publish', '--file', '-'], { stdin })
  const command = '"$NODE" "$MAIN" tail orders --from start --json | head -n 1; echo "${PIPESTATUS[0]}"'
  const env = { ...process.env, NODE: process.execPath, MAIN: main }
  const { stdout, stderr } = spawnSync('bash', ['-c', command], { cwd: shell.folder, env, encoding: 'utf8' })
  expect(stdout.trimEnd().split('\n').slice(1)).toEqual(['0'])
  expect(stderr).toBe('')
})
