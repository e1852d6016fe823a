import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'tidings-shutdown-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts the program, and sends it signals when it says a line. */
async function run(
  file: string,
  handlerMs: number,
  signals: readonly [line: string, signal: NodeJS.Signals][],
) {
  const program = join(import.meta.dirname, 'programs/slow-consumer.ts')
  const child = spawn(process.execPath, [program, join(folder, file), String(handlerMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const left = [...signals]
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('middle')) lines.push(line)
    while (left[0]?.[0] === line) child.kill(left.shift()?.[1])
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { lines, code }
}

test('On SIGTERM a group finishes the event in hand, starts no other, and leaves; nothing is delivered twice', async () => {
  const first = await run('drain.db', 200, [['start 1', 'SIGTERM']])
  expect(first).toEqual({ lines: ['start 1', 'end 1', 'left'], code: 0 })
  const second = await run('drain.db', 10, [['end 3', 'SIGTERM']])
  expect(second).toEqual({ lines: ['start 2', 'end 2', 'start 3', 'end 3', 'left'], code: 0 })
})

test('A second signal ends the process at once', async () => {
  const { lines, code } = await run('twice.db', 60_000, [
    ['start 1', 'SIGTERM'],
    ['start 1', 'SIGINT'],
  ])
  expect(lines).toEqual(['start 1'])
  expect([130, 143]).toContain(code)
})

test('Killed, it delivers again what it had in hand, and nothing that was finished', async () => {
  const first = await run('kill.db', 300, [['middle 2', 'SIGKILL']])
  expect(first.lines).toEqual(['start 1', 'end 1', 'start 2'])
  const second = await run('kill.db', 10, [['end 3', 'SIGTERM']])
  expect(second.lines).toEqual(['start 2', 'end 2', 'start 3', 'end 3', 'left'])
}, 30_000)
