import { expect, test } from 'vitest'
import { limits } from '../index.ts'
import { created, jsonLines, Shell } from './cli.fixture.ts'

const deep = `${'['.repeat(80)}${']'.repeat(80)}`

/** Lines that are refused, and as what. */
const badLines: readonly (readonly [code: string, line: string])[] = [
  ['json_invalid', '{"specversion":"1.0",'],
  ['event_invalid', '{"specversion":"1.0","id":"1"}'],
  ['event_invalid', '[]'],
  ['event_invalid', created('1', { time: 'yesterday' })],
  ['type_unknown', created('2', { type: 'com.example.orders.exploded' })],
  ['version_unknown', created('3', { dataschema: 'tidings:schemas/com.example.orders.created/9' })],
  ['data_invalid', created('4', { data: { orderId: 4 } })],
  ['json_too_deep', created('5').replace('"5"', deep)],
  ['json_unsafe', created('6').replace('"totalCents"', '"__proto__"')],
  ['key_too_long', created('7', { subject: 'x'.repeat(600) })],
  ['event_too_large', created('8', { data: { orderId: 'x'.repeat(limits.eventBytes), totalCents: 1 } })],
]

test('every bad line is reported with its number and reason, and the good ones are published', async () => {
  using shell = new Shell()
  const lines = badLines.flatMap(([, line], index) => [created(`good-${index}`), line])
  shell.write('events.ndjson', `${lines.join('\n')}\n`)
  const ended = await shell.run(['publish', '--file', 'events.ndjson', '--json'])

  const refused = badLines.map(([code], index) => ({ line: index * 2 + 2, code }))
  expect(ended.exitCode).toBe(1)
  expect(jsonLines(ended.stdout)).toMatchObject([
    { published: badLines.length, refused: badLines.length, refusals: refused },
  ])
  const words = ended.stderr.trimEnd().split('\n')
  expect(words.slice(0, -1).map((line) => line.split(': ', 2).join(': '))).toEqual(
    refused.map(({ line, code }) => `events.ndjson:${line}: ${code}`),
  )
  expect(words.at(-1)).toBe(`${badLines.length} events published, ${badLines.length} refused.`)
  const ids = (await shell.events()).map(({ id }) => id)
  expect(ids.toSorted()).toEqual(badLines.map((_, index) => `good-${index}`).toSorted())
})

test('foreign events keep id, source, time and unknown extensions', async () => {
  using shell = new Shell()
  const foreign = { time: '2018-02-03T04:05:06.789+01:00', subject: 'orders/9', region: 'north' }
  const ended = await shell.run(['publish', '--file', '-'], { stdin: created('9', foreign) })
  expect(ended).toMatchObject({ exitCode: 0, stdout: '', stderr: '1 event published, 0 refused.\n' })
  expect(await shell.events()).toMatchObject([{ id: '9', source: '/elsewhere', ...foreign }])
})

test('events of one key keep the order of their lines', async () => {
  using shell = new Shell()
  const ids = Array.from({ length: 2_500 }, (_, at) => String(at))
  shell.write('many.ndjson', ids.map((id) => created(id, { subject: 'one' })).join('\n'))
  await shell.run(['publish', '--file', 'many.ndjson'])
  expect((await shell.events()).map(({ id }) => id)).toEqual(ids)
})

test('what a topic holds can be copied to another file', async () => {
  using shell = new Shell()
  await shell.run(['publish', '--file', '-'], { stdin: `${created('1')}\n${created('2')}` })
  const { stdout } = await shell.run(['tail', 'orders', '--from', 'start', '--json'])
  await shell.run(['publish', '--file', '-', '--url', 'sqlite:copy.db'], { stdin: stdout })
  const copy = await shell.run(['tail', 'orders', '--from', 'start', '--json', '--url', 'sqlite:copy.db'])
  expect(copy.stdout.split('\n').toSorted()).toEqual(stdout.split('\n').toSorted())
})

test('only the first refusals are listed in the JSON', async () => {
  using shell = new Shell()
  const ended = await shell.run(['publish', '--file', '-', '--json'], { stdin: '?\n'.repeat(500) })
  const [counts] = jsonLines(ended.stdout) as { refused: number; refusals: unknown[] }[]
  expect([counts?.refused, counts?.refusals.length]).toEqual([500, limits.cliListed])
})

test('progress is shown where somebody watches, and is wiped away for words', async () => {
  using shell = new Shell()
  shell.write('events.ndjson', `${created('1')}\n`)
  const { stderr } = await shell.run(['publish', '--file', 'events.ndjson'], { columns: 80 })
  expect(stderr).toBe('\r\x1b[K1 event published, 0 refused\r\x1b[K1 event published, 0 refused.\n')
})

test('what is no fault of a line stops the rest, and says where', async () => {
  using shell = new Shell()
  await shell.bus(async () => undefined)
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(shell.path('shop.db'))
  database.exec("CREATE TRIGGER full BEFORE INSERT ON tidings_record BEGIN SELECT raise(FAIL, 'full'); END")
  database.close()
  const ended = await shell.run(['publish', '--file', '-', '--json'], { stdin: `?\n${created('1')}` })
  expect(ended.exitCode).toBe(1)
  expect(jsonLines(ended.stdout)).toMatchObject([{ published: 0, refused: 1 }])
  expect(ended.stderr).toMatch(/^stdin:2: stopped at this line/m)
})

test('a file that is interrupted tells how far it came', async () => {
  using shell = new Shell()
  shell.write('events.ndjson', created('1'))
  const ended = await shell.run(['publish', '--file', 'events.ndjson'], { signal: AbortSignal.abort() })
  expect(ended.exitCode).toBe(1)
  expect(ended.stderr).toMatch(/^0 events published, 0 refused\.\ntidings: interrupted: /)
})

test('a file that is not there is not found, and a folder is no file', async () => {
  using shell = new Shell()
  expect(await shell.run(['publish', '--file', 'nowhere.ndjson'])).toMatchObject({
    exitCode: 4,
    stderr: expect.stringMatching(/^tidings: file_missing: There is no file .*nowhere\.ndjson\./) as string,
  })
  expect(await shell.run(['publish', '--file', '.'])).toMatchObject({ exitCode: 2 })
})
