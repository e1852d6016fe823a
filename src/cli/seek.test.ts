import { expect, test } from 'vitest'
import type { Rewind } from '../log/index.ts'
import { created, joinGroup, jsonLines, Shell } from './cli.fixture.ts'

/** Three events of one key in partition 0, all read by `billing`. */
async function shellWithGroup(rewind: Rewind = 'allowed'): Promise<Shell> {
  const shell = new Shell()
  const stdin = ['1', '2', '3'].map((id) => created(id, { subject: 'orders/1' })).join('\n')
  await shell.run(['publish', '--file', '-'], { stdin })
  await shell.engine(async (engine) => {
    await (await joinGroup(engine, 'billing', rewind)).close()
    await engine.admin.seek('billing', 'orders', 'end')
  })
  return shell
}

/** The partition that has the events. */
async function partitionOf(shell: Shell): Promise<number> {
  const [topic] = await shell.engine(({ admin }) => admin.topics())
  return topic?.bounds.find(({ end }) => end === 3)?.partition ?? -1
}

async function lagOf(shell: Shell): Promise<number> {
  const lags = await shell.engine(({ admin }) => admin.lag('billing'))
  return lags.reduce((total, { lag }) => total + lag, 0)
}

test('a group is moved back, after its plan', async () => {
  using shell = await shellWithGroup()
  const partition = await partitionOf(shell)
  const ended = await shell.run(['seek', 'billing', '--to', 'start', '--yes'])
  expect(ended).toMatchObject({ exitCode: 0, stdout: '' })
  expect(ended.stderr.replaceAll(/ +/g, ' ').split('\n')).toEqual([
    'Moving group billing: 3 events delivered again, 0 events skipped.',
    'TOPIC PARTITION FROM TO AGAIN SKIPPED',
    `orders ${partition} 3 0 3 0`,
    'The group was moved.',
    '',
  ])
  expect(await lagOf(shell)).toBe(3)
})

test('a group is moved forward, to an offset of one partition', async () => {
  using shell = await shellWithGroup()
  const partition = await partitionOf(shell)
  await shell.run(['seek', 'billing', '--to', 'start', '--yes'])
  const argv = ['--to', '2', '--topic', 'orders', '--partition', String(partition), '--yes', '--json']
  const { stdout } = await shell.run(['seek', 'billing', ...argv])
  expect(jsonLines(stdout)).toEqual([
    {
      group: 'billing',
      done: true,
      again: false,
      moves: [{ topic: 'orders', partition, from: 0, to: 2, again: 0, skipped: 2 }],
    },
  ])
  expect(await lagOf(shell)).toBe(1)
})

test('a group is moved to a time', async () => {
  using shell = await shellWithGroup()
  await shell.run(['seek', 'billing', '--to', '2026-01-31T00:00:00Z', '--yes'])
  expect(await lagOf(shell)).toBe(3)
})

test('a group whose place was deleted is moved to what is kept', async () => {
  using shell = await shellWithGroup()
  await shell.run(['seek', 'billing', '--to', 'start', '--yes'])
  const partition = await partitionOf(shell)
  await shell.engine(({ admin }) => admin.truncate('orders', partition, 2))
  const { stdout } = await shell.run(['seek', 'billing', '--to', 'start', '--yes', '--json'])
  expect(jsonLines(stdout)).toMatchObject([{ moves: [{ from: 0, to: 2, again: 0, skipped: 2 }] }])
  const lags = await shell.engine(({ admin }) => admin.lag('billing'))
  expect(lags.filter(({ resetRequired }) => resetRequired)).toEqual([])
  expect(await lagOf(shell)).toBe(1)
})

test('moving a group needs --yes', async () => {
  using shell = await shellWithGroup()
  expect(await shell.run(['seek', 'billing', '--to', 'start'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(
      /^Moving group billing: [^]*option_invalid: Moving a group needs --yes/,
    ) as string,
  })
  expect(await lagOf(shell)).toBe(0)
})

test('a dry run only shows what would be done, also while a member lives', async () => {
  using shell = await shellWithGroup()
  const argv = ['seek', 'billing', '--to', 'start', '--dry-run', '--json']
  const { exitCode, stdout, stderr } = await shell.whileJoined('billing', () => shell.run(argv))
  expect([exitCode, jsonLines(stdout)]).toMatchObject([0, [{ done: false, moves: [{ again: 3 }] }]])
  expect(stderr).toMatch(/\nNothing was done\.\n$/)
  expect(await lagOf(shell)).toBe(0)
})

test('a group that refuses to be moved back is not, unless it is forced', async () => {
  using shell = await shellWithGroup('refused')
  const argv = ['seek', 'billing', '--to', 'start', '--yes']
  expect(await shell.run(argv)).toMatchObject({
    exitCode: 6,
    stderr: expect.stringMatching(/\ntidings: rewind_refused: .* Use force \(--force\)/) as string,
  })
  expect(await lagOf(shell)).toBe(0)
  expect(await shell.run([...argv.slice(0, -1), '--dry-run'])).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('refuses to be moved back: this needs --force.') as string,
  })
  expect(await shell.run([...argv, '--force'])).toMatchObject({ exitCode: 0 })
  expect(await lagOf(shell)).toBe(3)
  expect(await shell.run(['seek', 'billing', '--to', 'end', '--yes'])).toMatchObject({ exitCode: 0 })
})

test('a group can be moved again: also one that is there already has its effects once more', async () => {
  using shell = await shellWithGroup()
  const runNumbers = (): Promise<number[]> =>
    shell.engine(async (engine) => {
      const subscription = await joinGroup(engine, 'billing')
      const numbers = subscription.assigned.map(({ runNumber }) => runNumber)
      await subscription.close()
      return numbers
    })
  await shell.run(['seek', 'billing', '--to', 'start', '--yes'])
  expect(await runNumbers()).toEqual([0, 0, 0, 0])
  const ended = await shell.run(['seek', 'billing', '--to', 'start', '--again', '--yes', '--json'])
  expect(ended.stderr).toMatch(
    /^Moving group billing: 0 events delivered again, .*\nWhat was handled from there on has its effects once more\.\n/,
  )
  expect(jsonLines(ended.stdout)).toMatchObject([{ done: true, again: true }])
  expect((await runNumbers()).every((each) => each > 0)).toBe(true)
})

test('a group that is there already is left alone', async () => {
  using shell = await shellWithGroup()
  expect(await shell.run(['seek', 'billing', '--to', 'end'])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'Group billing is there already.\nNothing was done.\n',
  })
})

test('a group with a living member is not moved', async () => {
  using shell = await shellWithGroup()
  const argv = ['seek', 'billing', '--to', 'start', '--yes']
  expect(await shell.whileJoined('billing', () => shell.run(argv))).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('tidings: fenced: Group "billing" has 1 living member') as string,
  })
  expect(await lagOf(shell)).toBe(0)
})

test.each([
  ['a group that is not there', ['biling', '--to', 'start'], 4, 'group_missing'],
  ['a topic that is not there', ['billing', '--to', 'start', '--topic', 'carts'], 4, 'topic_missing'],
  [
    'a partition that is not there',
    ['billing', '--to', 'start', '--topic', 'orders', '--partition', '4'],
    4,
    'partition_missing',
  ],
  ['a partition of no topic', ['billing', '--to', 'start', '--partition', '1'], 2, 'option_invalid'],
  ['no place', ['billing'], 2, 'option_invalid'],
  ['a place that is none', ['billing', '--to', 'yesterday'], 2, 'option_invalid'],
])('%s is refused', async (_, argv, exitCode, code) => {
  using shell = await shellWithGroup()
  expect(await shell.run(['seek', ...argv, '--yes'])).toMatchObject({
    exitCode,
    stderr: expect.stringContaining(`tidings: ${code}: `) as string,
  })
})
