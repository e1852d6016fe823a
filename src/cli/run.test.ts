import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { created, Shell } from './cli.fixture.ts'

const words = (pattern: RegExp): string => expect.stringMatching(pattern) as string

describe('tidings', () => {
  test('alone prints help and is a usage error', async () => {
    using shell = new Shell()
    expect(await shell.run([])).toMatchObject({ exitCode: 2, stdout: '', stderr: words(/^Usage: tidings /) })
  })

  test('prints help and its version when asked', async () => {
    using shell = new Shell()
    expect(await shell.run(['--help'])).toMatchObject({ exitCode: 0, stdout: words(/Exit codes: 0 ok/) })
    expect(await shell.run(['--version'])).toMatchObject({ exitCode: 0, stdout: words(/^\d+\.\d+\.\d+\n$/) })
  })

  test.each([
    ['publish'],
    ['tail'],
    ['topics'],
    ['groups', 'ls'],
    ['groups', 'show'],
    ['groups', 'forget'],
    ['lag'],
    ['seek'],
    ['dead-letters', 'ls'],
    ['dead-letters', 'show'],
    ['dead-letters', 'redrive'],
    ['dead-letters', 'discard'],
  ])('%s %s has help with examples', async (...names) => {
    using shell = new Shell()
    const command = names.filter((name) => name !== undefined)
    expect(await shell.run([...command, '--help'])).toMatchObject({
      exitCode: 0,
      stdout: words(new RegExp(`Examples?:\n  tidings ${command.join(' ')}`)),
    })
  })

  test('suggests what was probably meant', async () => {
    using shell = new Shell()
    expect(await shell.run(['topcs'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        "tidings: option_invalid: Unknown command 'topcs'. Did you mean topics? `tidings --help` shows how.\n",
    })
  })
})

test.each([
  [['topics', '--x'], 'tidings topics'],
  [['schema', 'push', '--x'], 'tidings schema push'],
  [['schema', 'pull'], 'tidings schema'],
  [['dead-letters', 'ls', '--state', 'sad'], 'tidings dead-letters ls'],
  [['groups', 'show'], 'tidings groups show'],
])('wrong usage of a command points to its own help: %j', async (argv, command) => {
  using shell = new Shell()
  expect(await shell.run(argv)).toMatchObject({
    exitCode: 2,
    stderr: words(new RegExp(`^tidings: option_invalid: .*[.?] \`${command} --help\` shows how\\.\n$`)),
  })
})

describe('the configuration', () => {
  test.each([
    ['cannot be parsed', 'export default {', /config_invalid: .*tidings\.config\.ts cannot be loaded: /],
    ['imports what is not there', "import 'not-there'\n", /config_invalid: .*cannot be loaded: /],
    [
      'has no default export',
      'export const x = 1',
      /config_invalid: .* has no configuration as its default export/,
    ],
    ['has no url', 'export default {}', /config_invalid: .* has no url/],
    [
      'has a catalog that is none',
      "export default { url: 'sqlite:a.db', catalog: [] }",
      /config_invalid: .* has a catalog that defineCatalog did not make/,
    ],
    [
      'has an option that is not known',
      "export default { url: 'sqlite:a.db', namespaec: 'blue' }",
      /option_invalid: The configuration has no option "namespaec"\. There are catalog, namespace, /,
    ],
  ])('that %s is an error of its own', async (_, config, sentence) => {
    using shell = new Shell({ config })
    const ended = await shell.run(['topics'])
    expect(ended).toMatchObject({ exitCode: 2, stdout: '', stderr: words(sentence) })
    expect(ended.stderr.trimEnd()).not.toContain('\n')
  })

  test('needs no catalog for a command that looks, and one for publishing', async () => {
    using shell = new Shell({ config: "export default { url: 'sqlite:shop.db' }" })
    await shell.engine(async () => undefined)
    expect(await shell.run(['topics'])).toMatchObject({ exitCode: 0 })
    expect(await shell.run(['publish', 'com.example.orders.created', '--data', '{}'])).toMatchObject({
      exitCode: 2,
      stderr: words(/^tidings: config_missing: Events are published through a catalog/),
    })
  })

  test('is not read by a command that looks at a --url', async () => {
    using shell = new Shell({ config: 'throw new Error()' })
    await shell.engine(async () => undefined)
    expect((await shell.run(['topics', '--url', 'sqlite:shop.db'])).exitCode).toBe(0)
  })

  test('can be named, and a relative file is beside it', async () => {
    using shell = new Shell()
    mkdirSync(shell.path('sub folder %'))
    const fixture = new URL('tidings.config.fixture.ts', import.meta.url).pathname
    shell.write('sub folder %/my.config.ts', `export { default } from '${fixture}'`)
    const argv = ['publish', '--file', '-', '--config', 'sub folder %/my.config.ts']
    expect(await shell.run(argv, { stdin: created('1') })).toMatchObject({ exitCode: 0 })
    expect(existsSync(shell.path('sub folder %/shop.db'))).toBe(true)
  })

  test('that is needed and not there is asked for', async () => {
    using shell = new Shell()
    const named = ['--config', 'other.config.ts']
    expect(await shell.run(['topics', ...named])).toMatchObject({
      exitCode: 2,
      stderr: words(/config_missing: /),
    })
    using empty = new Shell({ config: '' })
    rmSync(empty.path('tidings.config.ts'))
    expect(await empty.run(['topics'])).toMatchObject({
      exitCode: 2,
      stderr: words(/config_missing: No engine/),
    })
    expect(await empty.run(['publish', 'com.example.a', '--url', 'sqlite:a.db'])).toMatchObject({
      exitCode: 2,
      stderr: words(/config_missing: Events are published through a catalog.* Write a tidings\.config\.ts/),
    })
    expect(existsSync(empty.path('a.db'))).toBe(false)
  })
})

describe('an engine', () => {
  test.each([
    ['with a scheme that is none', 'sqlit:shop.db', 2, 'url_invalid'],
    ['without a file', 'sqlite:', 2, 'url_invalid'],
    ['with two slashes', 'sqlite://shop.db', 2, 'url_invalid'],
    ['that no other process sees', 'memory:', 2, 'url_invalid'],
    ['with a % that escapes nothing', 'sqlite:100%.db', 2, 'url_invalid'],
    ['of a file that is not there', 'sqlite:typo.db', 4, 'file_missing'],
    ['that is a folder', 'sqlite:.', 5, 'engine_unreachable'],
    ['of a file that is not SQLite', 'sqlite:text.db', 6, 'file_not_ours'],
    ['of somebody else’s database', 'sqlite:other.db', 6, 'file_not_ours'],
    ['of a file from a newer build', 'sqlite:newer.db', 6, 'file_version'],
  ])('%s is refused to a command that looks', async (_, url, exitCode, code) => {
    using shell = new Shell()
    shell.write('text.db', 'This is a text, and it is long enough to have a header of SQLite: '.repeat(20))
    change(shell.path('other.db'), 'CREATE TABLE place (name TEXT)')
    await shell.bus(async () => undefined)
    change(
      shell.path('shop.db'),
      `UPDATE tidings_format SET version = 99; VACUUM INTO '${shell.path('newer.db')}'`,
    )
    const ended = await shell.run(['tail', 'orders', '--url', url])
    expect(ended).toMatchObject({
      exitCode,
      stdout: '',
      stderr: words(new RegExp(`^tidings: ${code}: .*\n$`)),
    })
    expect(existsSync(shell.path('typo.db'))).toBe(false)
    expect(tablesOf(shell.path('other.db'))).toEqual(['place'])
  })

  test('that no other process sees is refused for publishing, too', async () => {
    using shell = new Shell()
    const argv = ['publish', 'com.example.orders.created', '--data', '{}', '--url', 'memory:']
    expect(await shell.run(argv)).toMatchObject({
      exitCode: 2,
      stderr: words(/^tidings: url_invalid: memory: /),
    })
  })

  test('that cannot be created is unreachable', async () => {
    using shell = new Shell()
    const argv = ['publish', 'com.example.orders.created', '--url', 'sqlite:no/such/folder/shop.db']
    expect(await shell.run(argv)).toMatchObject({
      exitCode: 5,
      stderr: words(/^tidings: engine_unreachable: /),
    })
  })
})

function change(file: string, sql: string): void {
  const database = new DatabaseSync(file)
  database.exec(sql)
  database.close()
}

function tablesOf(file: string): unknown[] {
  const database = new DatabaseSync(file)
  const names = database
    .prepare('SELECT name FROM sqlite_schema')
    .all()
    .map((row) => row['name'])
  database.close()
  return names
}
