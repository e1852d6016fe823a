import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Shell } from './cli.fixture.ts'

const type = 'com.example.orders.created'
const data = JSON.stringify({ orderId: '42', totalCents: 1999 })

test('one event is published as its definition says', async () => {
  using shell = new Shell()
  expect(await shell.run(['publish', type, '--data', data])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: '1 event published.\n',
  })
  expect(await shell.events()).toMatchObject([
    { type, source: '/shop', subject: 'orders/42', data: { orderId: '42', totalCents: 1999 } },
  ])
})

test('attributes can be set, and the data can come from stdin', async () => {
  using shell = new Shell()
  const time = '2026-01-31T12:00:00Z'
  const attributes = ['--subject', 'orders/x', '--source', '/till', '--time', time]
  const ended = await shell.run(['publish', type, '--data', '-', '--json', ...attributes], { stdin: data })
  expect(JSON.parse(ended.stdout)).toEqual({ published: 1, refused: 0, refusals: [] })
  expect(await shell.events()).toMatchObject([{ subject: 'orders/x', source: '/till', time }])
})

test('an event can wait for its time', async () => {
  using shell = new Shell()
  const ended = await shell.run(['publish', type, '--data', data, '--not-before', '2100-01-01T00:00:00Z'])
  expect(ended.exitCode).toBe(0)
  expect(await shell.events()).toEqual([])
})

test('the engine of the configuration can be replaced by another', async () => {
  using shell = new Shell()
  await shell.run(['publish', type, '--data', data, '--url', 'sqlite:other file.db'])
  expect([existsSync(shell.path('other file.db')), existsSync(shell.path('shop.db'))]).toEqual([true, false])
})

test.each([
  ['data that is not JSON', [type, '--data', '{'], 1, 'json_invalid: '],
  ['data that breaks its schema', [type, '--data', '{"orderId":7}'], 1, 'data_invalid: '],
  ['data with a dangerous key', [type, '--data', '{"__proto__":{}}'], 1, 'json_unsafe: '],
  ['data that is too deep', [type, '--data', '['.repeat(70)], 1, 'json_too_deep: '],
  ['a type with a typo', ['com.example.orders.craeted'], 4, `type_unknown: .* Did you mean ${type}`],
  ['no data', [type], 2, 'option_invalid: The event has no data. Give --data JSON'],
  ['a time that is none', [type, '--data', data, '--time', 'soon'], 1, 'event_invalid: '],
  ['a delay that is no time', [type, '--data', data, '--not-before', 'soon'], 2, 'option_invalid: '],
  ['a key that is too long', [type, '--data', data, '--subject', 'x'.repeat(600)], 1, 'key_too_long: '],
  ['nothing', [], 2, 'option_invalid: Name either the type'],
  ['a type and a file', [type, '--file', 'x'], 2, 'option_invalid: Name either the type'],
  [
    'data and a file',
    ['--data', data, '--file', 'x'],
    2,
    "option_invalid: Option '--file <file>' cannot be used",
  ],
])('publishing %s is refused in one line', async (_, argv, exitCode, sentence) => {
  using shell = new Shell()
  const ended = await shell.run(['publish', ...argv])
  expect(ended).toMatchObject({ exitCode, stdout: '' })
  expect(ended.stderr).toMatch(new RegExp(`^tidings: ${sentence}.*\n$`))
})

test('data from stdin that is too large is refused without being read to its end', async () => {
  using shell = new Shell()
  const ended = await shell.run(['publish', type, '--data', '-'], { stdin: `"${'x'.repeat(3_000_000)}"` })
  expect(ended.exitCode).toBe(1)
  expect(ended.stderr).toMatch(/^tidings: event_too_large: /)
})
