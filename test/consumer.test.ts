import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'tidings-consumer-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A project that has installed the built package, TypeScript and Node's types, and configured next to nothing. */
beforeAll(() => {
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  symlinkSync(root, join(folder, 'node_modules/tidings'))
  symlinkSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const compilerOptions = {
    strict: true,
    target: 'esnext',
    module: 'nodenext',
    noEmit: true,
    skipLibCheck: false,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
})

const source = `
import { defineCatalog, defineEvent, defineTopic, openBus, type Publisher } from 'tidings'
import { sqlite, sqliteInbox } from 'tidings/sqlite'
const schema = { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] } as const
const created = defineEvent('created').version(1, schema).subject((data) => data.orderId)
const catalog = defineCatalog([defineTopic('orders', { events: [created] })])
await using bus = await openBus({ transport: await sqlite(':memory:'), source: '/a', catalog })
const publisher: Publisher<'created'> = bus
const seen: string[] = []
const group = bus.group('g', { start: 'start', inbox: sqliteInbox(':memory:') }).on(created, async ({ event, transact, signal }) => {
  signal.throwIfAborted()
  await transact((tx) => { tx.exec('CREATE TABLE seen (id TEXT)') })
  seen.push(event.data.orderId)
})
void group.run()
await publisher.publish(created, { orderId: 'o-1' })
await group.caughtUp()
console.log(seen.join())
`

test('A project without settings of its own compiles against the package, library declarations checked too', () => {
  writeFileSync(join(folder, 'main.ts'), source)
  const { stdout, status } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], {
    encoding: 'utf8',
  })
  expect(stdout).toBe('')
  expect(status).toBe(0)
})

test('The built package runs as an ES module', () => {
  writeFileSync(join(folder, 'main.ts'), source)
  expect(execFileSync(process.execPath, [join(folder, 'main.ts')], { encoding: 'utf8' })).toBe('o-1\n')
})

const testing = `
import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { defineCatalog, defineEvent, defineTopic } from 'tidings'
import { memory } from 'tidings/memory'
import { given, harness, transportContract, VirtualClock } from 'tidings/testing'
const schema = { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] } as const
const created = defineEvent('created').version(1, schema).subject((data) => data.orderId)
const catalog = defineCatalog([defineTopic('orders', { events: [created] })])
test('a service', async () => {
  const seen: string[] = []
  await using shop = await harness({
    catalog,
    groups: (bus) => [bus.group('g').on(created, ({ event }) => seen.push(event.data.orderId))],
  })
  await shop.publish(created, { orderId: 'o-1' })
  await shop.settled()
  equal(seen.join(), 'o-1')
})
test('a handler', () =>
  given(catalog, [created.create({ orderId: 'o-1' })])
    .when(created, ({ event }) => { throw new Error(event.data.orderId) })
    .then(({ error }) => equal(error?.message, 'o-1')))
transportContract({
  test,
  capabilities: memory().capabilities,
  async open() {
    const clock = new VirtualClock()
    const transport = memory({ clock })
    return { transport, admin: transport.admin, clock, [Symbol.asyncDispose]: () => transport.close() }
  },
})
`

test("The testing helpers and contracts compile and run in another project, with Node's own test runner", () => {
  rmSync(join(folder, 'main.ts'), { force: true })
  const file = join(folder, 'service.test.ts')
  writeFileSync(file, testing)
  const compiled = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
  expect(compiled.stdout).toBe('')
  const { stdout, status } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], {
    encoding: 'utf8',
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  })
  rmSync(file)
  expect(stdout).toMatch(/^# pass [1-9]\d+$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
  expect(status).toBe(0)
})

test('The built package can be required from CommonJS', () => {
  writeFileSync(
    join(folder, 'main.cjs'),
    "console.log(typeof require('tidings').openBus, typeof require('tidings/sqlite').sqlite)",
  )
  expect(execFileSync(process.execPath, [join(folder, 'main.cjs')], { encoding: 'utf8' })).toBe(
    'function function\n',
  )
})
