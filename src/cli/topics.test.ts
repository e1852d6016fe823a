import { expect, test } from 'vitest'
import { created, jsonLines, Shell } from './cli.fixture.ts'

test('topics are listed with what they hold', async () => {
  using shell = new Shell()
  await shell.run(['publish', '--file', '-'], { stdin: `${created('1')}\n${created('2')}` })
  const { exitCode, stdout } = await shell.run(['topics'])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^TOPIC +PARTITIONS +EVENTS +BYTES +RETENTION\norders +4 +2 +\d+ B +30 d\n$/)
})

test('one topic is shown by its partitions', async () => {
  using shell = new Shell()
  await shell.run(['publish', '--file', '-'], { stdin: created('1', { subject: 'one' }) })
  const { stdout } = await shell.run(['topics', 'orders'])
  expect(stdout.split('\n')).toHaveLength(6)
  expect(stdout).toMatch(/^ +\d +0 +1 +1 +\d+ B$/m)
})

test('as JSON a topic is one line', async () => {
  using shell = new Shell()
  await shell.run(['publish', '--file', '-'], { stdin: created('1', { subject: 'one' }) })
  const { stdout } = await shell.run(['topics', '--json'])
  const [topic, ...others] = jsonLines(stdout) as { bounds: unknown[] }[]
  expect(others).toEqual([])
  expect(topic).toMatchObject({
    topic: 'orders',
    partitions: 4,
    events: 1,
    retention: { ageMs: 2_592_000_000 },
  })
  expect(topic?.bounds).toHaveLength(4)
  expect(topic?.bounds).toContainEqual({
    partition: expect.any(Number),
    begin: 0,
    end: 1,
    bytes: expect.any(Number),
  })
})

test('a log without topics says so in words', async () => {
  using shell = new Shell()
  await shell.engine(async () => undefined)
  expect(await shell.run(['topics'])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'There are no topics yet.\n',
  })
})

test('a namespace sees its own topics only', async () => {
  using shell = new Shell()
  for (const namespace of ['blue', 'green'])
    await shell.run(['publish', '--file', '-', '--namespace', namespace], { stdin: created('1') })
  const blue = await shell.run(['topics', '--json', '--namespace', 'blue'])
  expect(jsonLines(blue.stdout)).toMatchObject([{ topic: 'orders', events: 1 }])
})

test.each([['topics'], ['lag'], ['tail orders'], ['dead-letters ls']])(
  '%s in a namespace that has nothing is told what there is',
  async (command) => {
    using shell = new Shell()
    await shell.run(['publish', '--file', '-', '--namespace', 'blue'], { stdin: created('1') })
    expect(await shell.run([...command.split(' '), '--namespace', 'bleu'])).toEqual({
      exitCode: 4,
      stdout: '',
      stderr:
        'tidings: topic_missing: Namespace "bleu" has no topics. The log has blue.orders: what stands before the last name is a namespace.\n',
    })
  },
)
