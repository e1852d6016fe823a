import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

/** A kill cannot show that a commit was not synced: the machine's cache outlives the process. So syncs are counted. */
const folder = mkdtempSync(join(tmpdir(), 'tidings-syncs-'))
afterAll(() => rmSync(folder, { recursive: true }))

const programs = join(import.meta.dirname, 'programs')
const counter = join(folder, 'count-syncs.so')
const compiled =
  process.platform === 'linux' &&
  spawnSync('gcc', ['-shared', '-fPIC', '-o', counter, join(programs, 'count-syncs.c'), '-ldl']).status === 0
const publishes = 100

function syncsOf(name: string, ...options: readonly string[]): number {
  const count = join(folder, `${name}.count`)
  const program = [join(programs, 'sequential-publisher.ts'), join(folder, `${name}.db`), String(publishes)]
  const env = { ...process.env, LD_PRELOAD: counter, SYNC_COUNT: count }
  execFileSync(process.execPath, [...program, ...options], { env, stdio: 'ignore' })
  return statSync(count).size
}

if (compiled) {
  test('Every acknowledged publish was synced to the disk', () => {
    expect(syncsOf('full')).toBeGreaterThanOrEqual(publishes)
  })

  test('The syncs that are missing with synchronous=NORMAL show in the count', () => {
    expect(syncsOf('normal', 'NORMAL')).toBeLessThan(publishes / 2)
  })
} else test.skip('Syncs are not counted here: it needs Linux and gcc')
