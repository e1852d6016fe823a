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
    'GROUP TOPICS MEMBERS LAG OLDEST DEAD LETTERS',
    expect.stringMatching(/^billing orders 0 2 \d+ m?s 2$/),
  ])
})

test('a group is shown with its members, its place in each partition and its dead letters', async () => {
  using shell = await shellWithGroup()
  const { stdout } = await shell.whileJoined('billing', () => shell.run(['groups', 'show', 'billing']))
  const lines = plain(stdout)
  expect(lines.slice(0, 6)).toEqual([
    'group billing',
    'members 1',
    ' one, 4 partitions',
    'dead letters 1 set-aside, 1 dead, 1 handled',
    '',
    'TOPIC PARTITION MEMBER COMMITTED END LAG OLDEST RESET REQUIRED',
  ])
  expect(lines).toHaveLength(10)
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
