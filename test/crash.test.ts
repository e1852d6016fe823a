import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'tidings-crash-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function life(): Promise<{ lines: string[]; signal: NodeJS.Signals | null }> {
  const program = join(import.meta.dirname, 'programs/crashing-consumer.ts')
  const child = spawn(process.execPath, [program, join(folder, 'crash.db')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [output, [, signal]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { lines: output.trim().split('\n'), signal: signal as NodeJS.Signals | null }
}

test('An event that kills its process becomes a dead letter after its attempts; its neighbours are handled', async () => {
  const lives = []
  do lives.push(await life())
  while (lives.at(-1)?.signal === 'SIGKILL' && lives.length < 10)
  expect(lives.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', null])
  expect(lives.at(-1)?.lines.at(-1)).toBe('4 handler_crashed 3')
  const lines = lives.flatMap((each) => each.lines)
  expect(lines.filter((line) => line.startsWith('4 attempt'))).toEqual([
    '4 attempt 1',
    '4 attempt 2',
    '4 attempt 3',
  ])
  const done = new Set(
    lines.filter((line) => line.endsWith('done')).map((line) => Number(line.split(' ')[0])),
  )
  expect(done).toEqual(new Set([0, 1, 2, 3, 5, 6, 7, 8, 9, 10]))
}, 30_000)
