import { expect, test } from 'vitest'
import { created, jsonLines, Shell } from './cli.fixture.ts'
import { catalog } from './tidings.config.fixture.ts'

/** Three events, of which `mailer` has handled none and `analytics` all. */
async function shellWithGroups(): Promise<Shell> {
  const shell = new Shell()
  await shell.bus(async (bus) => {
    const definition = catalog.definitionOf('com.example.orders.created')
    for (const name of ['mailer', 'analytics']) {
      const group = bus.group(name, { start: 'start' }).on(definition, async () => undefined)
      void group.run()
      await group.caughtUp()
      await group.stop()
    }
  })
  const stdin = ['1', '2', '3'].map((id) => created(id)).join('\n')
  await shell.run(['publish', '--file', '-'], { stdin })
  await shell.engine(({ admin }) => admin.seek('analytics', 'orders', 'end'))
  return shell
}

test('the lag of every group is shown, with the total', async () => {
  using shell = await shellWithGroups()
  const { exitCode, stdout } = await shell.run(['lag'])
  expect(exitCode).toBe(0)
  expect(stdout.replaceAll(/ +/g, ' ').trimEnd().split('\n')).toEqual([
    'GROUP TOPIC LAG OLDEST RESET REQUIRED',
    'analytics orders 0 - -',
    expect.stringMatching(/^mailer orders 3 \d+ m?s -$/),
    expect.stringMatching(/^total 3 \d+ m?s -$/),
  ])
})

test('one group can be asked for, as JSON with its partitions', async () => {
  using shell = await shellWithGroups()
  const { stdout } = await shell.run(['lag', 'mailer', '--json'])
  const [lag] = jsonLines(stdout) as { partitions: unknown[] }[]
  expect(lag).toMatchObject({ group: 'mailer', topic: 'orders', lag: 3, resetRequired: [] })
  expect(lag?.partitions).toHaveLength(4)
})

test('partitions whose place was deleted are told', async () => {
  using shell = await shellWithGroups()
  await shell.engine(async ({ admin }) => {
    const [topic] = await admin.topics()
    for (const { partition, end } of topic?.bounds ?? []) await admin.truncate('orders', partition, end)
  })
  const { stdout } = await shell.run(['lag', 'mailer'])
  expect(stdout).toMatch(/^mailer .* \d partitions?$/m)
})

test('a group that is not there is not found, and a log without groups says so', async () => {
  using shell = new Shell()
  await shell.run(['publish', '--file', '-'], { stdin: created('1') })
  expect(await shell.run(['lag', 'nobody'])).toMatchObject({
    exitCode: 4,
    stderr: expect.stringMatching(/^tidings: group_missing: /) as string,
  })
  expect(await shell.run(['lag'])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'No group has read anything yet.\n',
  })
})

/** Lets a command look three times, then ends it. */
function threeLooks(): { readonly signal: AbortSignal; readonly wait: () => Promise<void> } {
  const ending = new AbortController()
  let waits = 0
  const wait = async (): Promise<void> => {
    waits += 1
    if (waits === 3) ending.abort()
  }
  return { signal: ending.signal, wait }
}

test('the lag is watched in blocks until interrupted', async () => {
  using shell = await shellWithGroups()
  const { exitCode, stdout } = await shell.run(['lag', 'mailer', '--watch'], threeLooks())
  expect(exitCode).toBe(0)
  expect(stdout.match(/^GROUP .*\nmailer .*\n\n/gm)).toHaveLength(3)
  expect(stdout).not.toContain('\x1b')
  const json = await shell.run(['lag', 'mailer', '--watch', '--json'], threeLooks())
  expect(jsonLines(json.stdout)).toHaveLength(3)
})

test('on a terminal each look replaces the one before', async () => {
  using shell = await shellWithGroups()
  const { stdout } = await shell.run(['lag', '--watch'], { ...threeLooks(), columns: 80 })
  expect(stdout.split('\x1b[2J\x1b[H')).toHaveLength(4)
})

test.each([
  ['--fail-over', '0', 3],
  ['--fail-over', '3', 0],
  ['--fail-age', '0ms', 3],
  ['--fail-age', '1h', 0],
])('%s %s ends with exit code %d', async (option, bound, exitCode) => {
  using shell = await shellWithGroups()
  const ended = await shell.run(['lag', option, bound])
  expect(ended.exitCode).toBe(exitCode)
  expect(ended.stdout).toMatch(/^GROUP /)
  expect(ended.stderr).toMatch(
    exitCode === 0
      ? /^$/
      : /^Behind by more than is allowed: mailer on orders\/\d \(\d events?, \d+ m?s\).*\.\n$/,
  )
})

test('watching ends when a partition is over', async () => {
  using shell = await shellWithGroups()
  const ended = await shell.run(['lag', '--watch', '--fail-over', '0'])
  expect(ended).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('mailer on orders') as string })
})

test.each([
  ['--fail-over', 'some'],
  ['--fail-age', '30'],
])('%s %s is a usage error', async (option, bound) => {
  using shell = await shellWithGroups()
  expect(await shell.run(['lag', option, bound])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(`option_invalid: Option '${option}`) as string,
  })
})
