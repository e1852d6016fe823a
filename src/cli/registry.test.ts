import { once } from 'node:events'
import { expect, test } from 'vitest'
import { Shell, Sink } from './cli.fixture.ts'

interface Running {
  readonly url: string
  /** Ends the command, and gives its exit code. */
  end(): Promise<number>
}

async function running(
  shell: Shell,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<Running> {
  const ending = new AbortController()
  const stdout = new Sink()
  const written = once(stdout, 'written')
  const ended = shell.run(['registry', '--port', '0', ...argv], { stdout, signal: ending.signal, env })
  await written
  expect(stdout.text).toMatch(/^The schema registry listens on http:\/\/\S+\n$/)
  return {
    url: /http:\S+/.exec(stdout.text)?.[0] ?? '',
    async end() {
      ending.abort()
      return (await ended).exitCode
    },
  }
}

async function register(url: string): Promise<unknown> {
  const body = JSON.stringify({ schemaType: 'JSON', schema: '{"type":"object"}' })
  return (await fetch(`${url}/subjects/orders/versions`, { method: 'POST', body })).json()
}

test('the registry serves a file until it is interrupted, and again after that', async () => {
  using shell = new Shell()
  const first = await running(shell, ['--url', 'sqlite:registry.db'])
  expect(await register(first.url)).toMatchObject({ id: 1, version: 1 })
  expect(await first.end()).toBe(0)
  const second = await running(shell, [
    '--url',
    'sqlite:registry.db',
    '--schema-base',
    'https://example.com/events',
  ])
  expect(await (await fetch(`${second.url}/subjects`)).json()).toEqual(['orders'])
  expect(await (await fetch(`${second.url}/events/orders/1`)).json()).toEqual({ type: 'object' })
  expect(await second.end()).toBe(0)
})

test('the registry shares the file of the configuration', async () => {
  using shell = new Shell()
  const registry = await running(shell, [])
  expect(await register(registry.url)).toMatchObject({ id: 1 })
  expect(await registry.end()).toBe(0)
})

test.each([
  ['the option', ['--token', 'secret'], {}],
  ['the environment', [], { TIDINGS_REGISTRY_TOKEN: 'secret' }],
])('the token comes from %s', async (_, argv, env) => {
  using shell = new Shell()
  const registry = await running(shell, ['--url', 'memory:', ...argv], env)
  expect((await fetch(`${registry.url}/subjects`)).status).toBe(401)
  const headers = { authorization: 'Bearer secret' }
  expect((await fetch(`${registry.url}/subjects`, { headers })).status).toBe(200)
  await registry.end()
})

test.each([
  [['--host', '0.0.0.0'], 2, /option_invalid: A registry on 0\.0\.0\.0 .* Give it a token/],
  [['--port', 'x'], 2, /whole number from 0/],
  [['--schema-base', 'x'], 2, /It is a path from \//],
  [['--url', 'postgres://localhost:1/x'], 5, /engine_unreachable/],
  [['--url', 'redis:x'], 2, /url_invalid: .* names no store of schemas\./],
  [['--url', 'kafka://x'], 6, /capability_missing: kafka lacks store of schemas/],
])('the registry refuses %j', async (argv, exitCode, sentence) => {
  using shell = new Shell()
  const ended = await shell.run(['registry', '--url', 'memory:', '--port', '0', ...argv])
  expect([ended.exitCode, ended.stdout]).toEqual([exitCode, ''])
  expect(ended.stderr).toMatch(sentence)
})

test('without a file and without a configuration it asks for one', async () => {
  using shell = new Shell()
  const ended = await shell.run(['registry', '--config', 'none.ts'])
  expect([ended.exitCode, ended.stderr]).toEqual([2, expect.stringMatching(/config_missing/)])
})
