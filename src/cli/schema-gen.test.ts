import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { afterAll, expect, test } from 'vitest'
import { importSchema } from '../catalog/index.ts'
import { connectRegistry } from '../index.ts'
import { Shell } from './cli.fixture.ts'
import { definitionName, literal } from './typescript.ts'

const root = new URL('../..', import.meta.url).pathname
const folder = mkdtempSync(join(root, 'test', 'generated-'))
afterAll(() => rmSync(folder, { recursive: true }))

const order = {
  type: 'object',
  properties: {
    orderId: { type: 'string', pattern: "^[a-z']+$" },
    state: {
      enum: ['new', 'paid', 'a state with a name that is so long that the list does not fit', 'on one line'],
    },
    'trace-id': { type: ['string', 'null'] },
    items: { type: 'array', items: { type: 'object', properties: { count: { minimum: -1.5 } } } },
    nothing: {},
  },
  required: ['orderId'],
}
const withNote = { ...order, properties: { ...order.properties, note: { type: 'string' } } }

test('definitions are written from a registry, formatted, and compile with their types', async () => {
  using shell = new Shell()
  const registry = await connectRegistry(`sqlite:${shell.path('registry.db')}`)
  const put = (type: string, version: number, schema: object): Promise<unknown> =>
    importSchema(registry, { type, version, text: JSON.stringify(schema) })
  await put('com.example.orders.created', 1, order)
  await put('com.example.orders.created', 2, withNote)
  await put('org.example.orders.created', 3, { type: 'string' })
  await registry.close()
  const file = join(folder, 'events.ts')
  const generated = await shell.run(['schema', 'gen', '--registry', 'sqlite:registry.db', '--out', file])
  expect(generated).toEqual({ exitCode: 0, stdout: '', stderr: `2 events written to ${file}.\n` })

  const text = readFileSync(file, 'utf8')
  expect(text).toContain(
    "export const ordersCreated = defineEvent('com.example.orders.created')\n  .version(1, {",
  )
  expect(text).toContain(
    "export const ordersCreated2 = defineEvent('org.example.orders.created').version(3, {",
  )
  const biome = join(root, 'node_modules/.bin/biome')
  execFileSync(biome, ['format', file], { cwd: root, stdio: 'pipe' })

  writeFileSync(
    join(folder, 'use.ts'),
    `import type { EventOf } from 'tidings'
import { ordersCreated } from './events.ts'
const data: EventOf<typeof ordersCreated>['data'] = { orderId: 'a', note: 'n', state: 'paid' }
// @ts-expect-error a number is no note
export const wrong: EventOf<typeof ordersCreated>['data'] = { orderId: 'a', note: 1 }
ordersCreated.create(data)
`,
  )
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { paths: { tidings: ['../../src/index.ts'] } },
      include: ['*.ts'],
      exclude: [],
    }),
  )
  const tsc = join(root, 'node_modules/.bin/tsc')
  const run = (): string => execFileSync(tsc, ['-p', folder], { cwd: root, encoding: 'utf8' })
  expect(run()).toBe('')
}, 60_000)

test('a version that another program registered without a group belongs to the one before it', async () => {
  using shell = new Shell()
  const registry = await connectRegistry(`sqlite:${shell.path('registry.db')}`)
  const schema = { type: 'object', properties: { note: { type: 'string' } } }
  await importSchema(registry, { type: 'com.example.a', version: 1, text: JSON.stringify(schema) })
  const text = JSON.stringify({ ...schema, description: 'with a note' })
  await registry.register('com.example.a', { schemaType: 'JSON', schema: text })
  await registry.close()
  const { stdout } = await shell.run(['schema', 'gen', '--registry', 'sqlite:registry.db'])
  expect([...stdout.matchAll(/\.version\((\d)/g)].map(([, version]) => version)).toEqual(['1', '2'])
})

test('gen makes the folders of its file, and says what it cannot write', async () => {
  using shell = new Shell()
  const registry = await connectRegistry(`sqlite:${shell.path('registry.db')}`)
  await importSchema(registry, { type: 'com.example.a', version: 1, text: '{"type":"object"}' })
  await registry.close()
  const gen = ['schema', 'gen', '--registry', 'sqlite:registry.db', '--out']
  expect(await shell.run([...gen, 'src/events/all.ts'])).toMatchObject({ exitCode: 0 })
  expect(readFileSync(shell.path('src/events/all.ts'), 'utf8')).toContain('com.example.a')
  expect(await shell.run([...gen, 'src/events'])).toMatchObject({
    exitCode: 6,
    stderr: expect.stringMatching(
      /^tidings: file_read_only: \S+\/src\/events cannot be written: EISDIR.*\. Name another file with --out\.\n$/,
    ),
  })
})

test('versions before the last upcaster are left out', async () => {
  using shell = new Shell()
  const registry = await connectRegistry(`sqlite:${shell.path('registry.db')}`)
  await registry.configure('com.example.a', { compatibilityGroup: 'major' })
  for (const [version, major] of [
    [1, '1'],
    [2, '2'],
    [3, '2'],
  ] as const) {
    const metadata = { properties: { major, version: String(version) } }
    const schema = JSON.stringify({ type: 'object', $comment: String(version) })
    await registry.register('com.example.a', { schemaType: 'JSON', schema, metadata })
  }
  await registry.close()
  const { stdout } = await shell.run(['schema', 'gen', 'com.example.a', '--registry', 'sqlite:registry.db'])
  expect([...stdout.matchAll(/\.version\((\d)/g)].map(([, version]) => version)).toEqual(['2', '3'])
  expect(
    await shell.run(['schema', 'gen', 'com.example.b', '--registry', 'sqlite:registry.db']),
  ).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('It has com.example.a.'),
  })
})

test.each([
  ["it's", '"it\'s"'],
  ['a "b"', `'a "b"'`],
  [`'"`, `'\\'"'`],
  ['\u2028\n\\', "'\\u2028\\n\\\\'"],
  [[], '[]'],
  [{}, '{}'],
  [[1, null, true], '[1, null, true]'],
  [JSON.parse('{"__proto__":1}') as unknown, "{\n  ['__proto__']: 1,\n}"],
])('%j is written as %s', (value, text) => {
  expect(literal(value, 0)).toBe(text)
  expect(runInNewContext(`(${text})`)).toEqual(value)
})

test('events get names that a module can have, each once', () => {
  const taken = new Set<string>()
  const types = ['com.example.orders.created', 'org.orders.created', 'delete', '2.1', 'ü', 'x.OrderPaid']
  expect(types.map((type) => definitionName(type, taken))).toEqual([
    'ordersCreated',
    'ordersCreated2',
    'eventDelete',
    'event21',
    'event',
    'xOrderPaid',
  ])
})
