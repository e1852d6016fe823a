import { expect, test } from 'vitest'
import { created, jsonLines, Shell } from './cli.fixture.ts'
import { letter, putLetters } from './letters.fixture.ts'

/** Two events, of which `billing` has read none; two of its dead letters are open, one is handled. */
async function shellWithGroup(): Promise<Shell> {
  const shell = new Shell()
  await putLetters(shell, [
    letter('billing', 1, 'dead'),
    letter('billing', 2, 'set-aside'),
    letter('billing', 3, 'handled'),
  ])
  const stdin = ['1', '2'].map((id) => created(id, { subject: 'one' })).join('\n')
  await shell.run(['publish', '--file', '-'], { stdin })
  return shell
}

const plain = (text: string): string[] => text.replaceAll(/ +/g, ' ').trimEnd().split('\n')

test('groups are listed with what they read, who lives and how far they are behind', async () => {
  using shell = await shellWithGroup()
  const { exitCode, stdout } = await shell.run(['groups', 'ls'])
  expect(exitCode).toBe(0)
  expect(plain(stdout)).toEqual([
    'GROUP TOPICS MEMBERS LAG OLDEST PAUSED DEAD LETTERS',
    expect.stringMatching(/^billing orders 0 2 \d+ m?s - 2$/),
  ])
})

test('a group is shown with its members, its place in each partition and its dead letters', async () => {
  using shell = await shellWithGroup()
  const { stdout } = await shell.whileJoined('billing', () => shell.run(['groups', 'show', 'billing']))
  const lines = plain(stdout)
  expect(lines.slice(0, 8)).toEqual([
    'group billing',
    'members 1',
    ' one, 4 partitions',
    'paused nothing',
    'rewind allowed',
    'dead letters 1 set-aside, 1 dead, 1 handled',
    '',
    'TOPIC PARTITION MEMBER COMMITTED END LAG OLDEST STATE',
  ])
  expect(lines).toHaveLength(12)
  expect(stdout).toMatch(/^orders +\d +one +0 +2 +2 +\d+ m?s +-$/m)
})

test('as JSON a group is one line, the same in a list and alone', async () => {
  using shell = await shellWithGroup()
  const [listed] = jsonLines((await shell.run(['groups', 'ls', '--json'])).stdout)
  expect(listed).toMatchObject({
    group: 'billing',
    topics: ['orders'],
    members: [],
    lag: 2,
    deadLetters: { 'set-aside': 1, dead: 1, parked: 0, requested: 0, handled: 1, discarded: 0 },
  })
  const ended = await shell.whileJoined('billing', () => shell.run(['groups', 'show', 'billing', '--json']))
  const [shown] = jsonLines(ended.stdout) as { partitions: unknown[] }[]
  const partitions = [0, 1, 2, 3].map((partition) => ({ topic: 'orders', partition }))
  expect(shown).toMatchObject({ lag: 2, members: [{ member: 'one', partitions }] })
  expect(shown?.partitions).toHaveLength(4)
})

test('a group that is not there is not found, and a log without groups says so', async () => {
  using shell = new Shell()
  await shell.run(['publish', '--file', '-'], { stdin: created('1') })
  expect(await shell.run(['groups', 'show', 'biling'])).toMatchObject({
    exitCode: 4,
    stderr: expect.stringMatching(/^tidings: group_missing: /) as string,
  })
  expect(await shell.run(['groups', 'ls'])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'No group has been here yet.\n',
  })
})

const groupsOf = (shell: Shell): Promise<readonly string[]> =>
  shell.engine(async ({ admin }) => (await admin.groups()).map(({ group }) => group))

test('a group is forgotten, after its plan', async () => {
  using shell = await shellWithGroup()
  const ended = await shell.run(['groups', 'forget', 'billing', '--yes', '--json'])
  expect(ended).toEqual({
    exitCode: 0,
    stdout: '{"group":"billing","done":true,"partitions":4,"deadLetters":2}\n',
    stderr:
      'Forgetting group billing: its places in 4 partitions are lost. 2 dead letters not finished will stay.\nThe group was forgotten.\n',
  })
  expect(await groupsOf(shell)).toEqual([])
})

test.each([
  ['without --yes', [], 2, 'option_invalid: Forgetting a group needs --yes'],
  ['in a dry run', ['--dry-run'], 0, 'Nothing was done.'],
])('a group is not forgotten %s', async (_, argv, exitCode, words) => {
  using shell = await shellWithGroup()
  expect(await shell.run(['groups', 'forget', 'billing', ...argv])).toMatchObject({
    exitCode,
    stderr: expect.stringContaining(words) as string,
  })
  expect(await groupsOf(shell)).toEqual(['billing'])
})

test('a group with a living member is not forgotten, nor one that is not there', async () => {
  using shell = await shellWithGroup()
  const argv = ['groups', 'forget', 'billing', '--yes']
  expect(await shell.whileJoined('billing', () => shell.run(argv))).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('tidings: fenced: ') as string,
  })
  expect(await groupsOf(shell)).toEqual(['billing'])
  expect(await shell.run(['groups', 'forget', 'biling', '--yes'])).toMatchObject({ exitCode: 4 })
})

test('a group is paused and resumed, whole or in part, and shown so', async () => {
  using shell = await shellWithGroup()
  expect(await shell.run(['groups', 'pause', 'billing', '--json'])).toEqual({
    exitCode: 0,
    stdout: '{"group":"billing","changed":true,"paused":[{}]}\n',
    stderr: 'Group billing is paused on all topics.\n',
  })
  expect(plain((await shell.run(['groups', 'ls'])).stdout)[1]).toMatch(/ all topics 2$/)
  const part = ['--topic', 'orders', '--partition', '3']
  const resumed = await shell.run(['groups', 'resume', 'billing', ...part])
  expect([resumed.exitCode, resumed.stderr]).toEqual([0, 'Group billing goes on with orders/3.\n'])
  const { stdout } = await shell.run(['groups', 'show', 'billing'])
  expect(plain(stdout)[2]).toBe('paused orders/0, orders/1 and orders/2')
  expect(plain(stdout).map((line) => line.endsWith(' paused'))).toEqual(
    [false, false, false, false, false, false, false].concat([true, true, true, false]),
  )
})

test('asking twice for a pause or its end says that nothing changed', async () => {
  using shell = await shellWithGroup()
  const verbs = ['pause', 'pause', 'resume', 'resume']
  const said: string[] = []
  for (const verb of verbs)
    said.push((await shell.run(['groups', verb, 'billing', '--topic', 'orders'])).stderr)
  expect(said).toEqual([
    'Group billing is paused on orders.\n',
    'Group billing was paused on orders already.\n',
    'Group billing goes on with orders.\n',
    'Nothing was paused: group billing, orders.\n',
  ])
})

test('a pause says what living members still hold', async () => {
  using shell = await shellWithGroup()
  const argv = ['groups', 'pause', 'billing', '--topic', 'orders', '--partition', '1']
  const { stderr } = await shell.whileJoined('billing', () => shell.run(argv))
  expect(stderr).toBe(
    'Group billing is paused on orders/1. 1 partition will be let go of when the handlers at work have ended.\n',
  )
})

test.each([
  ['a group that is not there', ['biling'], 4, 'group_missing'],
  ['a group whose name is longer than a name', ['x'.repeat(129)], 4, 'group_missing'],
  ['a topic that is not there', ['billing', '--topic', 'carts'], 4, 'topic_missing'],
  [
    'a partition that is not there',
    ['billing', '--topic', 'orders', '--partition', '4'],
    4,
    'partition_missing',
  ],
  ['a partition of no topic', ['billing', '--partition', '1'], 2, 'option_invalid'],
])('%s is neither paused nor resumed', async (_, argv, exitCode, code) => {
  using shell = await shellWithGroup()
  for (const verb of ['pause', 'resume']) {
    expect(await shell.run(['groups', verb, ...argv])).toMatchObject({
      exitCode,
      stderr: expect.stringContaining(`tidings: ${code}: `) as string,
    })
  }
})
