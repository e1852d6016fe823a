import { expect, test } from 'vitest'
import { UsageError } from './errors.ts'
import { readOptions } from './options.ts'

test('without options the shop runs in a fresh folder, on generated orders', () => {
  expect(readOptions([])).toEqual({
    place: undefined,
    split: false,
    url: undefined,
    port: undefined,
    ordersPerSecond: undefined,
    seed: 1,
    ordersFile: undefined,
    exit: false,
    json: false,
  })
})

test.each([
  ['sqlite:shop.db', 'shop.db'],
  ['sqlite:/var/shop.db', '/var/shop.db'],
  ['sqlite:///var/shop.db', '/var/shop.db'],
  ['sqlite:my%20shop.db', 'my shop.db'],
])('--url %s names the file %s', (url, file) => {
  expect(readOptions(['--url', url])).toMatchObject({ place: { file } })
})

const namespace = expect.stringMatching(/^shop-[0-9a-f]{12}$/)

test('--url kafka://HOST names a log elsewhere, and --files where the rest is', () => {
  const url = 'kafka://localhost:9092'
  expect(readOptions(['--url', url])).toMatchObject({ place: undefined, url })
  expect(readOptions(['--url', url, '--files', 'shop.db'])).toMatchObject({
    place: { file: 'shop.db', elsewhere: { url, namespace } },
  })
})

const store = 'postgres://ada:secret@localhost/shop'
const elsewhere = { url: store, namespace }

test.each([
  [['--store', store], { store, elsewhere }],
  [['--url', store], { store, elsewhere }],
  [['--store', store, '--url', 'kafka://localhost'], { store, elsewhere: { url: 'kafka://localhost' } }],
  [['--url', store, '--files', 'shop.db'], { file: 'shop.db', elsewhere }],
])('with %j data and log are together unless both are said', (args, place) => {
  expect(readOptions(args)).toMatchObject({ place })
})

test('--help asks for help', () => {
  expect(readOptions(['--help'])).toBe('help')
})

test.each([
  [['--nope'], '--nope'],
  [['orders.ndjson'], 'orders.ndjson'],
  [['--exit'], '--exit needs --orders FILE'],
  [['--speed', 'max'], '--speed max needs --orders FILE'],
  [['--speed', '0'], '--speed is "0"'],
  [['--speed', 'fast'], '--speed is "fast"'],
  [['--seed', '1.5'], '--seed is "1.5"'],
  [['--port', '65536'], '--port is "65536"'],
  [['--url', 'postgres:shop'], '--url is "postgres:shop"'],
  [['--files', 'shop.db'], '--files needs a log elsewhere'],
  [['--store', 'shop.db'], '--store is "shop.db"'],
  [['--store', 'postgres://localhost/shop', '--files', 'shop.db'], '--store and --files both'],
  [['--url', 'sqlite:'], '--url is "sqlite:"'],
  [['--url', 'sqlite://shop.db'], '--url is "sqlite://shop.db"'],
  [['--url', 'sqlite::memory:'], '--url is "sqlite::memory:"'],
  [['--url', 'sqlite:%E0'], '--url is "sqlite:%E0"'],
])('%j is refused with a sentence', (args, sentence) => {
  expect(() => readOptions(args)).toThrow(UsageError)
  expect(() => readOptions(args)).toThrow(sentence)
})
