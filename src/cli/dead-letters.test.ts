import { expect, test } from 'vitest'
import type { DeadLetter } from '../dead-letter/index.ts'
import { type Ended, jsonLines, Shell } from './cli.fixture.ts'
import { letter, putLetters } from './letters.fixture.ts'

const letters = [
  letter('billing', 1, 'dead'),
  letter('billing', 2, 'dead'),
  letter('billing', 3, 'set-aside'),
  letter('billing', 4, 'handled'),
  letter('billing', 5, 'requested'),
  letter('mailer', 1, 'dead'),
]

async function shellWithLetters(): Promise<Shell> {
  const shell = new Shell()
  await putLetters(shell, letters)
  return shell
}

async function statesOf(shell: Shell): Promise<Record<string, string>> {
  const { entries } = await shell.engine(({ deadLetters }) => deadLetters.list({}, { limit: 100 }))
  return Object.fromEntries(entries.map(({ id, state }) => [id, state]))
}

/** What `--by cause` calls the causes of these: the same in every version, so that scripts may keep them. */
const ofBilling = 'ca93f87d40'
const ofMailer = 'e7ff0df9ce'

const idsOf = (stdout: string): string[] => (jsonLines(stdout) as DeadLetter[]).map(({ id }) => id)
const unchanged = Object.fromEntries(letters.map(({ id, state }) => [id, state]))

test('unfinished dead letters are listed', async () => {
  using shell = await shellWithLetters()
  const { exitCode, stdout, stderr } = await shell.run(['dead-letters', 'ls'])
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout.replaceAll(/ +/g, ' ').split('\n').slice(0, 2)).toEqual([
    'ID STATE REASON ATTEMPTS TYPE FAILED',
    'billing/orders/1/1 dead handler_failed 5 com.example.orders.created 2023-11-14T22:13:21.000Z',
  ])
  expect(stdout.trimEnd().split('\n')).toHaveLength(6)
})

test.each([
  ['of one group', ['--group', 'mailer'], ['mailer/orders/1/1']],
  ['of one topic', ['--group', 'mailer', '--topic', 'orders'], ['mailer/orders/1/1']],
  ['in one state', ['--state', 'handled'], ['billing/orders/1/4']],
  ['in several states', ['--state', 'handled', 'requested'], ['billing/orders/1/4', 'billing/orders/1/5']],
])('dead letters can be listed %s', async (_, argv, ids) => {
  using shell = await shellWithLetters()
  const { stdout } = await shell.run(['dead-letters', 'ls', '--json', ...argv])
  expect(idsOf(stdout)).toEqual(ids)
})

test('a limit says how many more there are', async () => {
  using shell = await shellWithLetters()
  const { stdout, stderr } = await shell.run(['dead-letters', 'ls', '--limit', '2', '--json'])
  expect(idsOf(stdout)).toEqual(['billing/orders/1/1', 'billing/orders/1/2'])
  expect(stderr).toBe('3 more; --limit shows more of them.\n')
})

test('a dead letter is shown with its event and stack', async () => {
  using shell = await shellWithLetters()
  const { stdout } = await shell.run(['dead-letters', 'show', 'billing/orders/1/1'])
  expect(stdout).toContain('reason    handler_failed: Error: no such customer\n')
  expect(stdout).toContain('  "data": {\n    "orderId": "1",')
  expect(stdout).toContain('\n  at charge (billing.ts:7:1)\n')
  const json = await shell.run(['dead-letters', 'show', 'billing/orders/1/1', '--json'])
  const { nextAttemptAt: _, ...first } = letters[0] ?? letter('billing', 1, 'dead')
  expect(jsonLines(json.stdout)).toEqual([first])
})

test('a record that cannot be decoded is shown as it is', async () => {
  using shell = new Shell()
  const broken = { ...letter('billing', 1, 'dead'), event: undefined, encoded: '{broken \u001b[31m' }
  await putLetters(shell, [broken])
  const { stdout } = await shell.run(['dead-letters', 'show', broken.id])
  expect(stdout).toContain('\n{broken \\u{1b}[31m\n')
})

test('one dead letter is redriven at once, after its plan', async () => {
  using shell = await shellWithLetters()
  const ended = await shell.run(['dead-letters', 'redrive', 'mailer/orders/1/1', '--json'])
  expect(jsonLines(ended.stdout)).toEqual([{ planned: 1, requested: 1 }])
  expect(ended.stderr).toMatch(
    /^1 dead letter to redrive:\nID .*\nmailer\/orders\/1\/1 .*\n1 redrive requested/,
  )
  expect(await statesOf(shell)).toEqual({ ...unchanged, 'mailer/orders/1/1': 'requested' })
})

test('redriving many needs --yes', async () => {
  using shell = await shellWithLetters()
  const all = ['dead-letters', 'redrive', '--group', 'billing', '--all']
  expect(await shell.run(all)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(
      /^2 dead letters to redrive:\n[^]*option_invalid: .* needs --yes/,
    ) as string,
  })
  expect(await statesOf(shell)).toEqual(unchanged)
  expect(await shell.run([...all, '--yes'])).toMatchObject({ exitCode: 0 })
  expect(await statesOf(shell)).toEqual({
    ...unchanged,
    'billing/orders/1/1': 'requested',
    'billing/orders/1/2': 'requested',
  })
})

test('a dry run only shows what would be done', async () => {
  using shell = await shellWithLetters()
  const ended = await shell.run(['dead-letters', 'redrive', '--group', 'billing', '--all', '--dry-run'])
  expect(ended).toMatchObject({ exitCode: 0, stdout: '' })
  expect(ended.stderr).toMatch(/^2 dead letters to redrive:\n[^]*\nNothing was done\.\n$/)
  expect(await statesOf(shell)).toEqual(unchanged)
})

test('asking twice for a redrive changes nothing', async () => {
  using shell = await shellWithLetters()
  expect((await shell.run(['dead-letters', 'redrive', 'billing/orders/1/5'])).exitCode).toBe(0)
  expect(await statesOf(shell)).toEqual(unchanged)
})

const because = ['--reason', 'a test order', '--yes']

test.each([
  ['showing one that is not there', ['show', 'billing/orders/1/99'], 4, 'dead_letter_missing'],
  [
    'redriving one that is not there',
    ['redrive', 'mailer/orders/1/1', 'nonsense', '--yes'],
    4,
    'dead_letter_missing',
  ],
  [
    'redriving one that is finished',
    ['redrive', 'mailer/orders/1/1', 'billing/orders/1/4'],
    6,
    'dead_letter_not_dead',
  ],
  ['redriving one that is still retried', ['redrive', 'billing/orders/1/3'], 6, 'dead_letter_not_dead'],
  ['redriving nothing', ['redrive'], 2, 'option_invalid'],
  ['redriving all of no group', ['redrive', '--all'], 2, 'option_invalid'],
  ['redriving ids and all', ['redrive', 'mailer/orders/1/1', '--all'], 2, 'option_invalid'],
  ['redriving ids and a group', ['redrive', 'mailer/orders/1/1', '--group', 'mailer'], 2, 'option_invalid'],
  ['redriving all and a cause', ['redrive', '--all', '--cause', ofMailer], 2, 'option_invalid'],
  ['redriving a cause that is none', ['redrive', '--cause', 'nonsense'], 4, 'dead_letter_missing'],
  [
    'redriving a cause of another group',
    ['redrive', '--cause', ofMailer, '--group', 'billing'],
    4,
    'dead_letter_missing',
  ],
  ['redriving at no rate', ['redrive', '--cause', ofMailer, '--rate', '0'], 2, 'option_invalid'],
  [
    'redriving those of a topic that is not there',
    ['redrive', '--all', '--topic', 'carts'],
    4,
    'topic_missing',
  ],
  [
    'discarding one that is finished',
    ['discard', 'billing/orders/1/4', ...because],
    6,
    'dead_letter_not_dead',
  ],
  ['discarding nothing', ['discard', ...because], 2, 'option_invalid'],
  [
    'discarding a cause that is none',
    ['discard', '--cause', 'nonsense', ...because],
    4,
    'dead_letter_missing',
  ],
  ['listing those of a group that is not there', ['ls', '--group', 'biling'], 4, 'group_missing'],
  ['listing those of a topic that is not there', ['ls', '--topic', 'carts'], 4, 'topic_missing'],
  [
    'redriving all of a group that is not there',
    ['redrive', '--group', 'biling', '--all'],
    4,
    'group_missing',
  ],
  ['a state that is none', ['ls', '--state', 'ill'], 2, 'option_invalid'],
])('%s is refused and does nothing', async (_, argv, exitCode, code) => {
  using shell = await shellWithLetters()
  const ended = await shell.run(['dead-letters', ...argv])
  expect(ended).toMatchObject({ exitCode, stdout: '' })
  expect(ended.stderr).toMatch(new RegExp(`^tidings: ${code}: .*\n$`))
  expect(await statesOf(shell)).toEqual(unchanged)
})

test('dead letters are counted by cause, the most frequent first', async () => {
  using shell = await shellWithLetters()
  const message = 'Error: no such customer\n  in a second line'
  await putLetters(shell, [{ ...letter('billing', 6, 'dead'), message }])
  const { stdout } = await shell.run(['dead-letters', 'ls', '--by', 'cause'])
  expect(stdout.replaceAll(/^ +/gm, '').replaceAll(/ +/g, ' ').trimEnd().split('\n')).toEqual([
    'CAUSE COUNT GROUP REASON MESSAGE EXAMPLE',
    `${ofBilling} 4 billing handler_failed Error: no such customer billing/orders/1/1`,
    `${ofMailer} 1 mailer handler_failed Error: no such customer mailer/orders/1/1`,
  ])
  const json = await shell.run(['dead-letters', 'ls', '--by', 'cause', '--limit', '1', '--json'])
  expect(jsonLines(json.stdout)).toEqual([
    {
      cause: ofBilling,
      group: 'billing',
      reason: 'handler_failed',
      message: 'Error: no such customer',
      count: 4,
      example: 'billing/orders/1/1',
    },
  ])
  expect(json.stderr).toBe('1 more; --limit shows more of them.\n')
})

test('a redrive that was requested is counted by no cause, unless it is asked for', async () => {
  using shell = await shellWithLetters()
  await shell.run(['dead-letters', 'redrive', '--cause', ofBilling, '--yes'])
  const countOf = async (...argv: string[]): Promise<unknown> => {
    const { stdout } = await shell.run(['dead-letters', 'ls', '--by', 'cause', '--json', ...argv])
    return jsonLines(stdout).map((each) => (each as { count: number }).count)
  }
  const requested = Object.values(await statesOf(shell)).filter((state) => state === 'requested')
  expect(await countOf('--group', 'billing', '--state', 'requested')).toEqual([requested.length])
  const all = await shell.run(['dead-letters', 'ls', '--group', 'billing', '--json'])
  expect(await countOf('--group', 'billing')).toEqual([jsonLines(all.stdout).length - requested.length])
})

test('the dead letters of a cause are listed', async () => {
  using shell = await shellWithLetters()
  await putLetters(shell, [{ ...letter('billing', 6, 'dead'), message: 'Error: no such card' }])
  const ls = (...argv: string[]): Promise<Ended> => shell.run(['dead-letters', 'ls', '--json', ...argv])
  const { stdout } = await ls('--cause', ofBilling)
  expect(jsonLines(stdout).length).toBeGreaterThan(1)
  for (const each of jsonLines(stdout))
    expect(each).toMatchObject({ group: 'billing', message: 'Error: no such customer' })
  const one = await ls('--cause', ofBilling, '--limit', '1')
  expect(jsonLines(one.stdout)).toHaveLength(1)
  expect(one.stderr).toBe(`${jsonLines(stdout).length - 1} more; --limit shows more of them.\n`)
  expect(await ls('--cause', 'nonsense')).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('There are no dead letters of cause "nonsense"') as string,
  })
  expect(await ls('--cause', ofBilling, '--by', 'cause')).toMatchObject({ exitCode: 2 })
})

test('a dead letter is discarded with its reason, after its plan', async () => {
  using shell = await shellWithLetters()
  const argv = ['dead-letters', 'discard', 'mailer/orders/1/1', '--reason', 'a test order']
  const ended = await shell.run([...argv, '--yes', '--json'])
  expect(jsonLines(ended.stdout)).toEqual([{ planned: 1, discarded: 1 }])
  expect(ended.stderr).toMatch(
    /^1 dead letter to discard:\nID .*\nmailer\/orders\/1\/1 .*\n1 dead letter discarded\.\n$/,
  )
  const show = await shell.run(['dead-letters', 'show', 'mailer/orders/1/1'])
  expect(show.stdout).toContain('discarded a test order\n')
  expect(await shell.run([...argv, '--yes'])).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('dead_letter_not_dead') as string,
  })
})

test.each([
  ['without --yes', ['mailer/orders/1/1', '--reason', 'x'], 2],
  ['without a reason', ['mailer/orders/1/1', '--yes'], 2],
  ['in a dry run', ['mailer/orders/1/1', '--reason', 'x', '--dry-run'], 0],
  ['that is not there', ['mailer/orders/1/2', '--reason', 'x', '--yes'], 4],
])('no dead letter is discarded %s', async (_, argv, exitCode) => {
  using shell = await shellWithLetters()
  expect((await shell.run(['dead-letters', 'discard', ...argv])).exitCode).toBe(exitCode)
  expect(await statesOf(shell)).toEqual(unchanged)
})

test.each([[[]], [['--by', 'cause']]])(
  'where there are no dead letters, a list says so (%s)',
  async (argv) => {
    using shell = await shellWithLetters()
    expect(
      await shell.run(['dead-letters', 'ls', '--group', 'mailer', '--state', 'handled', ...argv]),
    ).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'There are no dead letters.\n',
    })
  },
)

test('the dead letters of a cause are redriven, and no others', async () => {
  using shell = await shellWithLetters()
  await putLetters(shell, [{ ...letter('billing', 6, 'dead'), message: 'Error: no such card' }])
  const ended = await shell.run(['dead-letters', 'redrive', '--cause', ofBilling, '--yes', '--json'])
  expect(jsonLines(ended.stdout)).toEqual([{ planned: 2, requested: 2 }])
  expect(await statesOf(shell)).toEqual({
    ...unchanged,
    'billing/orders/1/1': 'requested',
    'billing/orders/1/2': 'requested',
    'billing/orders/1/6': 'dead',
  })
  const again = await shell.run(['dead-letters', 'redrive', '--cause', ofBilling, '--yes'])
  expect([again.exitCode, again.stderr]).toEqual([0, 'There is nothing to redrive.\nNothing was done.\n'])
})

test('all dead letters of a topic are redriven, of whichever group', async () => {
  using shell = await shellWithLetters()
  await shell.run(['dead-letters', 'redrive', '--all', '--topic', 'orders', '--yes'])
  const requested = Object.values(await statesOf(shell)).filter((state) => state === 'requested')
  expect(requested).toHaveLength(4)
})

test('the dead letters of a cause are discarded with the reason, and no others', async () => {
  using shell = await shellWithLetters()
  const argv = ['dead-letters', 'discard', '--cause', ofBilling, '--reason', 'test orders']
  expect(await shell.run(argv)).toMatchObject({ exitCode: 2 })
  expect((await shell.run([...argv, '--dry-run'])).stderr).toMatch(
    /^2 dead letters to discard:\n[^]*Nothing was done/,
  )
  expect(await statesOf(shell)).toEqual(unchanged)
  const { stdout } = await shell.run([...argv, '--yes', '--json'])
  expect(jsonLines(stdout)).toEqual([{ planned: 2, discarded: 2 }])
  expect(await statesOf(shell)).toEqual({
    ...unchanged,
    'billing/orders/1/1': 'discarded',
    'billing/orders/1/2': 'discarded',
  })
  const show = await shell.run(['dead-letters', 'show', 'billing/orders/1/2'])
  expect(show.stdout).toContain('discarded test orders\n')
})
