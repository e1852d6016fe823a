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

test('The built package can be required from CommonJS', () => {
  writeFileSync(
    join(folder, 'main.cjs'),
    "console.log(typeof require('tidings').openBus, typeof require('tidings/sqlite').sqlite)",
  )
  expect(execFileSync(process.execPath, [join(folder, 'main.cjs')], { encoding: 'utf8' })).toBe(
    'function function\n',
  )
})
