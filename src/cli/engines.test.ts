import { expect, test } from 'vitest'
import { jsonLines, Shell } from './cli.fixture.ts'

test('an engine tells what it can do, and which settings decide what is kept', async () => {
  using shell = new Shell()
  await shell.engine(async () => undefined)
  const { exitCode, stdout, stderr } = await shell.run(['engines'])
  expect(exitCode).toBe(0)
  expect(stderr).toBe(`sqlite, ${process.versions.sqlite}\n`)
  expect(stdout).toMatch(/^CAPABILITY +VALUE +ABOUT\norder +per partition +events of one key/)
  expect(stdout).toMatch(/^callerTransaction +yes +publish\(…, \{ tx \}\)/m)
  expect(stdout).toMatch(
    /\n\nSETTING +VALUE +VERDICT +TOPICS\njournal_mode +wal +safe\nsynchronous +FULL +safe\n$/,
  )
})

test('as JSON it is one object', async () => {
  using shell = new Shell()
  await shell.engine(async () => undefined)
  const { stdout } = await shell.run(['engines', `sqlite:${shell.path('shop.db')}`, '--json'])
  expect(jsonLines(stdout)).toEqual([
    {
      engine: 'sqlite',
      version: process.versions.sqlite,
      capabilities: expect.objectContaining({ hold: true, durableAck: 'fsync' }),
      durability: [
        { setting: 'journal_mode', value: 'wal', topics: [], verdict: 'safe', advice: '' },
        { setting: 'synchronous', value: 'FULL', topics: [], verdict: 'safe', advice: '' },
      ],
    },
  ])
})

test('an engine that does not answer has no capabilities to show', async () => {
  using shell = new Shell()
  const { exitCode, stdout } = await shell.run(['engines', 'postgres://nobody@127.0.0.1:1/none'])
  expect([exitCode, stdout]).toEqual([5, ''])
})
