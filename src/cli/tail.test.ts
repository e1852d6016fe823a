import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import type { CloudEvent } from '../index.ts'
import { created, jsonLines, Shell, Sink } from './cli.fixture.ts'

async function shellWith(count: number, attributes: (index: number) => object = () => ({})): Promise<Shell> {
  const shell = new Shell()
  const stdin = Array.from({ length: count }, (_, at) => created(String(at), attributes(at))).join('\n')
  await shell.run(['publish', '--file', '-'], { stdin })
  return shell
}

const oneKey = (): object => ({ subject: 'one' })
const idsOf = (stdout: string): string[] => (jsonLines(stdout) as CloudEvent[]).map(({ id }) => id)

test('the last ten events are printed, one a line, with their place', async () => {
  using shell = await shellWith(12, oneKey)
  const { exitCode, stdout } = await shell.run(['tail', 'orders'])
  const lines = stdout.trimEnd().split('\n')
  expect([exitCode, lines.length]).toEqual([0, 10])
  expect(lines[0]).toMatch(
    /^\d{4}-\d\d-\d\dT[\d:.]+Z {2}\d\/2 {5} {2}com\.example\.orders\.created {2}one {2}\{"orderId":"2","totalCents":100\}$/,
  )
})

test('from the start every event is one structured CloudEvent a line', async () => {
  using shell = await shellWith(25)
  const { stdout, stderr } = await shell.run(['tail', 'orders', '--from', 'start', '--json'])
  expect(idsOf(stdout).toSorted((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 25 }, (_, at) => String(at)),
  )
  expect(jsonLines(stdout)[0]).toMatchObject({ specversion: '1.0', source: '/elsewhere' })
  expect(stderr).toBe('')
})

test.each([
  ['a count from the start', ['--from', 'start', '--count', '2'], ['0', '1']],
  ['an offset', ['--from', '3'], ['3', '4', '5']],
  ['an offset beyond the end', ['--from', '100'], []],
  ['the end', ['--from', 'end'], []],
  ['a time', ['--from', '2001-01-01T00:00:00Z', '-n', '1'], ['0']],
  ['a time to come', ['--from', '2999-01-01'], []],
  ['the last two', ['-n', '2'], ['4', '5']],
  ['a type', ['--type', 'com.example.orders.shipped'], ['1', '3', '5']],
  ['the last one of a type', ['--type', 'com.example.orders.created', '-n', '1'], ['4']],
  ['another subject', ['--subject', 'two', '--from', 'start'], []],
])('tail can be limited to %s', async (_, argv, ids) => {
  using shell = await shellWith(6, (at) => ({
    subject: 'one',
    type: at % 2 === 0 ? 'com.example.orders.created' : 'com.example.orders.shipped',
  }))
  const { exitCode, stdout } = await shell.run(['tail', 'orders', '--json', ...argv])
  expect([exitCode, idsOf(stdout)]).toEqual([0, ids])
})

test('one partition can be read alone', async () => {
  using shell = await shellWith(40)
  const counts = await Promise.all(
    ['0', '1', '2', '3'].map(async (partition) => {
      const { stdout } = await shell.run([
        'tail',
        'orders',
        '--from',
        'start',
        '--json',
        '--partition',
        partition,
      ])
      return idsOf(stdout).length
    }),
  )
  expect(counts.reduce((sum, count) => sum + count)).toBe(40)
  expect(Math.max(...counts)).toBeLessThan(40)
})

test('following goes on with what is published, until it is interrupted', async () => {
  using shell = await shellWith(1)
  const interrupt = new AbortController()
  const stdout = new Sink()
  const argv = ['tail', 'orders', '--follow', '--json']
  const tail = shell.run(argv, { stdout, signal: interrupt.signal })
  await new Promise((resolve) => stdout.once('written', resolve))
  await shell.run(['publish', '--file', '-'], { stdin: `${created('later')}\n` })
  if (idsOf(stdout.text).length < 2) await new Promise((resolve) => stdout.once('written', resolve))
  interrupt.abort()
  expect((await tail).exitCode).toBe(0)
  expect(idsOf(stdout.text)).toEqual(['0', 'later'])
})

test('following ends with the count that was asked for', async () => {
  using shell = await shellWith(3)
  const { stdout } = await shell.run(['tail', 'orders', '-f', '--from', 'start', '-n', '2', '--json'])
  expect(idsOf(stdout)).toHaveLength(2)
})

test('what is interrupted before its end has failed', async () => {
  using shell = await shellWith(3)
  const argv = ['tail', 'orders', '--from', 'start']
  expect(await shell.run(argv, { signal: AbortSignal.abort() })).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringMatching(/^tidings: interrupted: /) as string,
  })
})

test('a reader that has gone ends it quietly', async () => {
  using shell = await shellWith(5)
  const stdout = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  })
  expect(await shell.run(['tail', 'orders', '--from', 'start'], { stdout })).toMatchObject({
    exitCode: 0,
    stderr: '',
  })
})

test('a terminal gets dimmed places and lines of its width, and no colours with NO_COLOR', async () => {
  using shell = await shellWith(1)
  const coloured = await shell.run(['tail', 'orders'], { columns: 60 })
  const plain = await shell.run(['tail', 'orders'], { columns: 60, env: { NO_COLOR: '1' } })
  expect(coloured.stdout.replaceAll('\x1b', 'ESC')).toMatch(/^ESC\[2m.*ESC\[22m .*…\n$/)
  expect(plain.stdout).toMatch(/^[ -~]{59}…\n$/)
})

test('an event cannot act on the terminal', async () => {
  using shell = await shellWith(1, () => ({ data: { orderId: '\u009b2J', totalCents: 1 }, subject: 'x' }))
  const { stdout } = await shell.run(['tail', 'orders'])
  expect(stdout).toContain('"orderId":"\\u{9b}2J"')
})

test.each([
  ['a topic that is not there', ['nowhere'], 4, 'topic_missing'],
  [
    'a type that the catalog does not have',
    ['orders', '--type', 'com.example.orders.craeted'],
    4,
    'type_unknown',
  ],
  ['a partition that is not there', ['orders', '--partition', '4'], 4, 'partition_missing'],
  ['a place that is none', ['orders', '--from', 'middle'], 2, 'option_invalid'],
  ['a count of nothing', ['orders', '-n', '0'], 2, 'option_invalid'],
  ['more last events than it looks up', ['orders', '-n', '10001'], 2, 'option_invalid'],
  ['no topic', [], 2, 'option_invalid'],
])('%s is refused in one line', async (_, argv, exitCode, code) => {
  using shell = await shellWith(1)
  const ended = await shell.run(['tail', ...argv])
  expect(ended).toMatchObject({ exitCode, stdout: '' })
  expect(ended.stderr).toMatch(new RegExp(`^tidings: ${code}: .*\n$`))
})

test('a topic that is not there is told those that are', async () => {
  using shell = await shellWith(1)
  expect((await shell.run(['tail', 'ordres'])).stderr).toBe(
    'tidings: topic_missing: There is no topic "ordres". There is orders.\n',
  )
})

test('a type is not checked against a catalog that may not be that of the --url', async () => {
  using shell = await shellWith(1)
  const argv = ['tail', 'orders', '--type', 'com.example.elsewhere', '--url', 'sqlite:shop.db']
  expect(await shell.run(argv)).toEqual({ exitCode: 0, stdout: '', stderr: '' })
})
