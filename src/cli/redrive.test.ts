import { expect, test } from 'vitest'
import type { DeadLetter } from '../dead-letter/index.ts'
import { created, jsonLines, Shell } from './cli.fixture.ts'
import { letter, putLetters } from './letters.fixture.ts'
import { created as createdDefinition } from './tidings.config.fixture.ts'

/** Fifty dead letters of one group. */
async function shellWithMany(): Promise<Shell> {
  const shell = new Shell()
  await putLetters(
    shell,
    Array.from({ length: 50 }, (_, offset) => letter('billing', offset, 'dead')),
  )
  return shell
}

const redriveMany = ['dead-letters', 'redrive', '--group', 'billing', '--all', '--yes']

test('a rate is kept by waiting between slices, and a terminal shows the progress', async () => {
  using shell = await shellWithMany()
  const waits: number[] = []
  const wait = async (ms: number): Promise<void> => void waits.push(ms)
  const ended = await shell.run([...redriveMany, '--rate', '150'], { wait, columns: 80 })
  expect(waits).toEqual([100, 100, 100])
  expect(ended.stderr).toContain('15 of 50 redrives requested')
  expect(ended.stderr).toContain('50 of 50 redrives requested')
  expect(ended.stderr).toMatch(/50 redrives requested: a running member of the group delivers them\.\n$/)
})

test('a slow rate asks for one at a time', async () => {
  using shell = await shellWithMany()
  const waits: number[] = []
  const wait = async (ms: number): Promise<void> => void waits.push(ms)
  await shell.run([...redriveMany, '--rate', '4'], { wait })
  expect(waits).toEqual(Array.from({ length: 49 }, () => 250))
})

test('an interrupted redrive says how many were requested, and leaves the others dead', async () => {
  using shell = await shellWithMany()
  const ending = new AbortController()
  const wait = async (): Promise<void> => ending.abort()
  const ended = await shell.run([...redriveMany, '--rate', '100', '--json'], { wait, signal: ending.signal })
  expect([ended.exitCode, jsonLines(ended.stdout)]).toEqual([1, [{ planned: 50, requested: 10 }]])
  expect(ended.stderr).toMatch(/10 redrives requested: .*\nIt was interrupted before all was done\.\n$/)
  const dead = await shell.engine(({ deadLetters }) => deadLetters.count({ states: ['dead'] }))
  expect(dead).toBe(40)
})

test('no more is requested than the plan had, also when more die meanwhile', async () => {
  using shell = await shellWithMany()
  let died = false
  const wait = async (): Promise<void> => {
    if (!died) await putLetters(shell, [letter('billing', 98, 'dead'), letter('billing', 99, 'dead')])
    died = true
  }
  const { stdout } = await shell.run([...redriveMany, '--rate', '100', '--json'], { wait })
  expect(jsonLines(stdout)).toEqual([{ planned: 50, requested: 50 }])
})

test('a redriven dead letter is shown as requested, and then as handled or dead again', async () => {
  using shell = new Shell()
  const stdin = ['1', '2'].map((id) => created(id, { subject: id })).join('\n')
  await shell.run(['publish', '--file', '-'], { stdin })
  const states = async (): Promise<string[]> => {
    const argv = ['dead-letters', 'ls', '--json', '--state', 'dead', 'requested', 'handled']
    return (jsonLines((await shell.run(argv)).stdout) as DeadLetter[]).map(({ state }) => state).toSorted()
  }
  const counts = async (): Promise<string | undefined> =>
    /^dead letters +(.*)$/m.exec((await shell.run(['groups', 'show', 'billing'])).stdout)?.[1]
  /** A member that cannot handle these orders. */
  const runMember = (...bad: readonly string[]): Promise<void> =>
    shell.bus(async (bus) => {
      const group = bus
        .group('billing', { start: 'start', retry: { attempts: 1 } })
        .on(createdDefinition, ({ event }) => {
          if (bad.includes(event.id)) throw new Error('down')
        })
      await group.caughtUp()
      await group.stop()
    })
  await runMember('1', '2')
  expect([await states(), await counts()]).toEqual([['dead', 'dead'], '2 dead'])
  await shell.run(['dead-letters', 'redrive', '--group', 'billing', '--all', '--yes'])
  expect([await states(), await counts()]).toEqual([['requested', 'requested'], '2 requested'])
  await runMember('2')
  expect([await states(), await counts()]).toEqual([['dead', 'handled'], '1 dead, 1 handled'])
})
