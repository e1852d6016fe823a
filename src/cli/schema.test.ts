import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { connect } from '../index.ts'
import { memorySchemaStore } from '../memory/index.ts'
import { listen, registryServer } from '../registry/index.ts'
import { type Ended, jsonLines, Shell } from './cli.fixture.ts'

const source = new URL('../index.ts', import.meta.url).pathname
const type = 'com.example.orders.created'
const v1 = "{ type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] }"
const v2 =
  "{ type: 'object', properties: { orderId: { type: 'string' }, currency: { type: 'string' } }, required: ['orderId'] }"
const v3 =
  "{ type: 'object', properties: { orderId: { type: 'string' }, currency: { type: 'string' }, userId: { type: 'string' } }, required: ['orderId', 'userId'] }"

const upcaster = ", (v2) => ({ ...v2, userId: 'unknown' })"

/** A configuration whose event has these versions, each written as the arguments after its number. */
function configuration(...versions: string[]): string {
  const calls = versions.map((schema, at) => `.version(${at + 1}, ${schema})`).join('')
  return `import { defineCatalog, defineConfig, defineEvent, defineTopic } from '${source}'
const event = defineEvent('${type}')${calls}
export default defineConfig({ catalog: defineCatalog([defineTopic('orders', { events: [event] })]), url: 'sqlite:shop.db' })
`
}

const registry = ['--registry', 'sqlite:registry.db']
/** Each configuration in a file of its own: a module is loaded once. */
let files = 0
function shellWith(...versions: string[]): Shell {
  return new Shell({ config: configuration(...versions) })
}
function runWith(shell: Shell, versions: readonly string[], ...argv: string[]): Promise<Ended> {
  files += 1
  const file = shell.write(`tidings.config.${files}.ts`, configuration(...versions))
  return shell.run([...argv, '--config', file])
}

test('check refuses a required property with its fix, and passes with an upcaster', async () => {
  using shell = shellWith(v1, v2)
  expect((await shell.run(['schema', 'push', ...registry])).stderr).toBe('2 versions registered.\n')
  const refused = await runWith(shell, [v1, v2, v3], 'schema', 'check', ...registry)
  expect(refused).toEqual({
    exitCode: 3,
    stdout: `TYPE                        VERSION  STATE
${type}        1  published
${type}        2  published
${type}        3  incompatible

Version 3 of ${type} has no upcaster, and not all data of version 2 is valid in it: "userId" may be missing in what is written, and must be there to be read. Leave "userId" optional, or give version 3 an upcaster.
`,
    stderr: '3 versions checked: 1 may not be published.\n',
  })
  const passed = await runWith(shell, [v1, v2, v3 + upcaster], 'schema', 'check', ...registry)
  expect([passed.exitCode, passed.stderr]).toEqual([0, '3 versions checked: all may be published.\n'])
})

test('check prints annotations of GitHub Actions, and JSON', async () => {
  using shell = shellWith(v1, v3)
  expect(await shell.run(['schema', 'check', '--format', 'github'])).toMatchObject({
    exitCode: 3,
    stdout: expect.stringMatching(
      /^::error title=com\.example\.orders\.created version 2 is incompatible::Version 2 of .* an upcaster\.\n$/,
    ),
  })
  const { stdout } = await shell.run(['schema', 'check', '--format', 'json'])
  expect(jsonLines(stdout)).toMatchObject([
    { type, version: 1, state: 'new', reasons: [], differences: [] },
    {
      type,
      version: 2,
      state: 'incompatible',
      reasons: [expect.any(String)],
      differences: [{ breaks: true }, {}, {}],
    },
  ])
})

test('check against a git ref reads the catalog as it was there, and leaves nothing behind', async () => {
  using shell = shellWith(v1, v2)
  const git = (...argv: string[]): void => {
    const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com']
    execFileSync('git', [...who, ...argv], { cwd: shell.folder, stdio: 'ignore' })
  }
  git('init', '--initial-branch', 'main')
  shell.write('.gitignore', 'generated.ts\n')
  shell.write('generated.ts', "export const url = 'sqlite:shop.db'\n")
  const generated = (...versions: string[]): string =>
    `import { url } from './generated.ts'\n${configuration(...versions).replace("url: 'sqlite:shop.db'", 'url')}`
  shell.write('tidings.config.ts', generated(v1, v2))
  git('add', '.')
  git('commit', '--message', 'Two versions')
  const against = ['schema', 'check', '--against', 'main']
  expect(await shell.run(against)).toMatchObject({
    exitCode: 0,
    stderr: '2 versions checked: all may be published.\n',
  })
  shell.write('tidings.config.ts', configuration(v2))
  const file = shell.write('changed.ts', configuration(v2))
  expect(await shell.run([...against, '--config', file])).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(/^main has no catalog: every version is new\.\n/),
  })
  git('checkout', '--', 'tidings.config.ts')
  git('checkout', '-b', 'next')
  shell.write('tidings.config.ts', configuration(v1, v3))
  git('commit', '--all', '--message', 'Another second version')
  const changed = await shell.run(['schema', 'check', '--against', 'next'])
  expect(changed.exitCode).toBe(3)
  expect(changed.stdout).toContain(`Version 2 of ${type} was published with another schema`)
  expect(existsSync(shell.path('.tidings')) ? readdirSync(shell.path('.tidings')) : []).toEqual([])
  expect(await shell.run(['schema', 'check', '--against', 'nowhere'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--against takes a branch, tag or commit'),
  })
})

test('check without registry and ref compares the versions of the catalog, and says so', async () => {
  using shell = shellWith(v1, v2)
  expect(await shell.run(['schema', 'check'])).toMatchObject({
    exitCode: 0,
    stderr:
      'No registry and no git ref is named: only the versions of the catalog are compared.\n2 versions checked: all may be published.\n',
  })
})

test('push registers nothing when a version may not be published, or when it is only asked', async () => {
  using shell = shellWith(v1, v2)
  expect(await runWith(shell, [v1, v3], 'schema', 'push', ...registry)).toMatchObject({ exitCode: 3 })
  expect(await shell.run(['schema', 'push', '--dry-run', ...registry])).toMatchObject({ exitCode: 0 })
  expect(await shell.run(['schema', 'ls', ...registry])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'There are no schemas yet.\n',
  })
  const pushed = await shell.run(['schema', 'push', '--json', ...registry])
  expect(jsonLines(pushed.stdout)).toMatchObject([
    { type, version: 1, schemaVersion: 1, id: 1, registered: true },
    { type, version: 2, schemaVersion: 2, id: 2, registered: true },
  ])
})

test.each([['check'], ['push', '--dry-run'], ['ls'], ['show', type], ['gen'], ['diff', type]])(
  '%s of a registry whose file is missing says so, and creates nothing',
  async (...argv) => {
    using shell = shellWith(v1)
    expect(await shell.run(['schema', ...argv, ...registry])).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: expect.stringMatching(
        /^tidings: file_missing: There is no file .*registry\.db\. Check its name; the first program that registers a schema there creates it\.\n$/,
      ),
    })
    expect(existsSync(shell.path('registry.db'))).toBe(false)
  },
)

test('every command that has to do with a registry works with one over HTTP', async () => {
  using shell = shellWith(v1, v2)
  mkdirSync(shell.path('schemas'))
  shell.write('schemas/com.example.a.json', object('a'))
  const listening = await listen(registryServer({ store: memorySchemaStore() }), { port: 0 })
  onTestFinished(() => listening.close())
  const commands = [
    ['check'],
    ['push', '--dry-run'],
    ['push'],
    ['import', 'schemas'],
    ['ls'],
    ['show', type],
    ['gen'],
    ['diff', type],
  ]
  for (const command of commands)
    expect(await shell.run(['schema', ...command, '--registry', listening.url]), command[0]).toMatchObject({
      exitCode: 0,
    })
  expect((await shell.run(['schema', 'ls', '--registry', listening.url])).stdout).toContain('com.example.a')
})

test('looking at a file without schemas says so, and leaves it as it is', async () => {
  using shell = shellWith(v1)
  const engine = await connect(`sqlite:${shell.path('shop.db')}`)
  await engine.close()
  expect(await shell.run(['schema', 'check', '--registry', 'sqlite:shop.db'])).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('is a SQLite database without schemas of Tidings'),
  })
})

test('ls and show print what the registry has', async () => {
  using shell = shellWith(v1, v2)
  await shell.run(['schema', 'push', ...registry])
  expect((await shell.run(['schema', 'ls', ...registry])).stdout).toBe(
    `SCHEMA SUBJECT              VERSIONS  NEWEST  ID  SCHEMA TYPE
${type}         2       2   2  JSON
`,
  )
  const [listed] = jsonLines((await shell.run(['schema', 'ls', '--json', ...registry])).stdout)
  expect(listed).toMatchObject({ schemaSubject: type, versions: [1, 2], newest: { version: 2, id: 2 } })
  const shown = await shell.run(['schema', 'show', type, '1', ...registry])
  expect(JSON.parse(shown.stdout)).toMatchObject({ required: ['orderId'] })
  expect(shown.stdout.split('\n').length).toBeGreaterThan(5)
  const json = await shell.run(['schema', 'show', type, '--json', ...registry])
  expect(JSON.parse(json.stdout)).toMatchObject({
    id: 2,
    metadata: { properties: { major: '1', version: '2' } },
  })
})

test.each([
  [[type, '7'], `has no version 7. It has 1 and 2.`],
  [['com.example.other'], `The registry has no schema subject "com.example.other". It has ${type}.`],
])('show %j is told what there is', async (names, says) => {
  using shell = shellWith(v1, v2)
  await shell.run(['schema', 'push', ...registry])
  expect(await shell.run(['schema', 'show', ...names, ...registry])).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining(says),
  })
})

test('diff explains what an upcaster has to do', async () => {
  using shell = shellWith(v1, v2, v3 + upcaster)
  const { exitCode, stdout, stderr } = await shell.run(['schema', 'diff', type])
  expect([exitCode, stderr]).toEqual([
    0,
    '2 differences, 1 of which breaks data of version 2. An upcaster brings it to version 3.\n',
  ])
  expect(stdout).toMatch(/^breaks {2}\/required\/1 {2}"userId" may be missing/)
  expect(await shell.run(['schema', 'diff', type, '--to', '2'])).toMatchObject({
    stderr: '1 difference: data of version 1 is valid in version 2.\n',
  })
  const strict = await shell.run(['schema', 'diff', type, '--to', '2', '--policy', 'strict', '--json'])
  expect(jsonLines(strict.stdout)).toMatchObject([{ kind: 'property_added', breaks: true }])
  expect(await shell.run(['schema', 'diff', type, '--from', '9'])).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('It has 1, 2 and 3.'),
  })
})

test('diff compares versions of a registry', async () => {
  using shell = shellWith(v1, v2)
  await shell.run(['schema', 'push', ...registry])
  expect(await shell.run(['schema', 'diff', type, ...registry])).toMatchObject({
    stderr: '1 difference: data of version 1 is valid in version 2.\n',
  })
})

/** A schema of an object with these names, all required. */
function object(...required: string[]): string {
  const properties = Object.fromEntries(required.map((name) => [name, {}]))
  return JSON.stringify({ type: 'object', properties, required })
}

test('import registers a folder of schemas, and reports each file that is wrong', async () => {
  using shell = shellWith(v1)
  mkdirSync(shell.path('schemas'))
  shell.write('schemas/com.example.a.json', object('a'))
  shell.write('schemas/com.example.a.2.json', object())
  shell.write('schemas/com.example.a.3.json', object('a', 'b'))
  shell.write('schemas/com.example.b.json', '{')
  shell.write('schemas/notes.txt', '')
  const first = await shell.run(['schema', 'import', 'schemas', ...registry])
  expect(first.exitCode).toBe(1)
  expect(first.stderr).toMatch(
    /^com\.example\.a\.3\.json: schema_incompatible: .*\ncom\.example\.b\.json: schema_invalid: .*\n4 files read, 2 versions registered\.\n$/,
  )
  const again = await shell.run(['schema', 'import', 'schemas', '--json', ...registry])
  expect(jsonLines(again.stdout)).toMatchObject([
    { file: 'com.example.a.json', type: 'com.example.a', version: 1, id: 1, registered: false },
    { version: 2, registered: false },
    { version: 3, code: 'schema_incompatible' },
    { type: 'com.example.b', code: 'schema_invalid' },
  ])
  expect(await shell.run(['schema', 'import', 'nowhere', ...registry])).toMatchObject({ exitCode: 4 })
})

test('import ends with 3 where a version is refused, and with 1 where a file is none, whichever comes first', async () => {
  using shell = shellWith(v1)
  mkdirSync(shell.path('schemas'))
  shell.write('schemas/com.example.b.json', object())
  shell.write('schemas/com.example.b.2.json', object('a'))
  const importing = ['schema', 'import', 'schemas', ...registry]
  expect(await shell.run(importing)).toMatchObject({ exitCode: 3 })
  shell.write('schemas/com.example.a.json', '{')
  expect(await shell.run(importing)).toMatchObject({ exitCode: 1 })
})

test('the configuration may name the registry, a file beside it', async () => {
  using shell = shellWith(v1)
  const text = configuration(v1).replace(
    "url: 'sqlite:shop.db'",
    "url: 'sqlite:shop.db', registry: 'sqlite:own.db'",
  )
  const file = shell.write('own.config.ts', text)
  expect(await shell.run(['schema', 'push', '--config', file])).toMatchObject({ exitCode: 0 })
  expect((await shell.run(['schema', 'ls', '--registry', 'sqlite:own.db'])).stdout).toContain(type)
  expect(await shell.run(['schema', 'check', '--config', file])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('published'),
  })
})

test('a command that needs a registry says how to name one', async () => {
  using shell = shellWith(v1)
  expect(await shell.run(['schema', 'ls'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('No schema registry is named: give --registry http://localhost:8081'),
  })
  expect(await shell.run(['schema', 'ls', '--registry', 'redis:x'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('names no schema registry'),
  })
})
