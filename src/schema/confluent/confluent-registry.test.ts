import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type Clock, constant, limits, systemClock } from '../../kernel/index.ts'
import type { SchemaDefinition } from '../schema-registry.ts'
import { type ConfluentRegistryOptions, confluentRegistry } from './confluent-registry.ts'
import { HttpServer } from './http-server.fixture.ts'

const subject = 'com.example.orders.created'
const definition: SchemaDefinition = {
  schemaType: 'JSON',
  schema: '{"type":"object"}',
  metadata: { properties: { major: '1' } },
}
const guid = 'e1e85d0f-7a2b-8c3d-9e8f-001122334412'
const stored = { subject, version: 2, id: 7, guid, ...definition }
const registered = { schemaSubject: subject, version: 2, id: 7, guid, ...definition }
const notFound = { status: 404, body: { error_code: 40401, message: 'Subject not found.' } }

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-answers-'))
  folders.push(folder)
  return folder
}

/** Waits are over at once, and noted. */
function hastyClock(): { readonly clock: Clock; readonly waits: number[] } {
  const waits: number[] = []
  const schedule: Clock['schedule'] = (delayMs, callback) => {
    if (delayMs === limits.registryTimeoutMs) return systemClock.schedule(delayMs, callback)
    waits.push(delayMs)
    return systemClock.schedule(0, callback)
  }
  return { clock: { ...systemClock, schedule }, waits }
}

const once: ConfluentRegistryOptions = { retry: { attempts: 1 } }

describe('What is asked', () => {
  test('a definition is registered as Confluent has it', async () => {
    await using server = await HttpServer.start(() => ({ body: { id: 7, version: 2, guid } }))
    const registry = confluentRegistry(server.url)
    expect(await registry.register(subject, definition)).toEqual(registered)
    expect(server.asked).toMatchObject([
      {
        method: 'POST',
        path: '/subjects/com.example.orders.created/versions',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: definition,
      },
    ])
  })

  test('an older registry tells only the id, so the version is looked up', async () => {
    await using server = await HttpServer.start(({ path }) => ({
      body: path.endsWith('/versions') ? { id: 7 } : stored,
    }))
    expect(await confluentRegistry(server.url).register(subject, definition)).toEqual(registered)
    expect(server.paths).toEqual([
      'POST /subjects/com.example.orders.created/versions',
      'POST /subjects/com.example.orders.created?normalize=true',
    ])
  })

  test('a schema without a type is Avro', async () => {
    const avro: SchemaDefinition = { schemaType: 'AVRO', schema: '"string"' }
    await using server = await HttpServer.start(() => ({
      body: { subject, version: 1, id: 1, guid, schema: '"string"' },
    }))
    const registry = confluentRegistry(server.url)
    expect(await registry.lookUp(subject, avro)).toMatchObject(avro)
    expect(server.asked[0]?.body).toEqual({ schema: '"string"' })
  })

  test('names are encoded, and a path before the registry stays', async () => {
    await using server = await HttpServer.start(() => ({ body: [2, 1] }))
    const registry = confluentRegistry(`${server.url}/apis/ccompat/v7/`)
    expect(await registry.versions(':.staging:orders/created')).toEqual([1, 2])
    expect(server.paths).toEqual(['GET /apis/ccompat/v7/subjects/%3A.staging%3Aorders%2Fcreated/versions'])
  })

  test('schema subjects are listed by name', async () => {
    await using server = await HttpServer.start(() => ({ body: ['b', ':.staging:a', 'a'] }))
    expect(await confluentRegistry(server.url).schemaSubjects()).toEqual([':.staging:a', 'a', 'b'])
  })

  test('settings are written as compatibility and read as compatibilityLevel', async () => {
    await using server = await HttpServer.start(({ method }) => ({
      body:
        method === 'PUT' ? {} : { compatibilityLevel: 'BACKWARD', compatibilityPolicy: 'LENIENT', alias: '' },
    }))
    const registry = confluentRegistry(server.url)
    await registry.configure(subject, { compatibilityLevel: 'BACKWARD', compatibilityGroup: 'major' })
    expect(server.asked[0]).toMatchObject({
      path: '/config/com.example.orders.created',
      body: { compatibility: 'BACKWARD', compatibilityGroup: 'major' },
    })
    expect(await registry.settings(subject)).toEqual({
      compatibilityLevel: 'BACKWARD',
      compatibilityPolicy: 'LENIENT',
    })
  })

  test('a check says why not', async () => {
    const messages = ['/userId is new and required']
    await using server = await HttpServer.start(() => ({ body: { is_compatible: false, messages } }))
    expect(await confluentRegistry(server.url).check(subject, definition)).toEqual({
      compatible: false,
      reasons: messages,
    })
    expect(server.paths).toEqual([
      'POST /compatibility/subjects/com.example.orders.created/versions?verbose=true',
    ])
  })

  test('what is not there is undefined, empty or compatible, not an error', async () => {
    await using server = await HttpServer.start(() => notFound)
    const registry = confluentRegistry(server.url)
    expect(await registry.lookUp(subject, definition)).toBeUndefined()
    expect(await registry.byId(9)).toBeUndefined()
    expect(await registry.version(subject, 'latest')).toBeUndefined()
    expect(await registry.versions(subject)).toEqual([])
    expect(await registry.settings(subject)).toBeUndefined()
    expect(await registry.check(subject, definition)).toEqual({ compatible: true, reasons: [] })
  })
})

describe('Who asks', () => {
  test.each([
    ['a name and password', { username: 'ann', password: 'pa:ss' }, 'Basic YW5uOnBhOnNz'],
    ['a token', { token: 'secret' }, 'Bearer secret'],
  ])('%s', async (_, auth, header) => {
    await using server = await HttpServer.start(() => ({ body: [] }))
    await confluentRegistry(server.url, { auth }).versions(subject)
    expect(server.asked[0]?.headers.authorization).toBe(header)
  })

  test('credentials may stand in the URL, and are in no message', async () => {
    await using server = await HttpServer.start(() => ({
      status: 401,
      body: { error_code: 40101, message: 'Unauthorized' },
    }))
    const registry = confluentRegistry(server.url.replace('//', '//ann:p%40ss@'))
    await expect(registry.versions(subject)).rejects.toThrow(
      `registry_denied: The schema registry at ${server.url} answered 401: Unauthorized. Check the name and password`,
    )
    expect(server.asked).toHaveLength(1)
    expect(server.asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ann:p@ss').toString('base64')}`)
  })
})

describe('Trouble', () => {
  test.each([[408], [429], [500], [502], [503], [504]])(
    'after %d it asks again, waiting longer each time',
    async (status) => {
      const { clock, waits } = hastyClock()
      await using server = await HttpServer.start((_, count) =>
        count < 3 ? { status, body: 'not now' } : { body: [1] },
      )
      const retry = { backoff: (attempt: number) => attempt * 10 }
      expect(await confluentRegistry(server.url, { clock, retry }).versions(subject)).toEqual([1])
      expect(waits).toEqual([10, 20])
    },
  )

  test('it waits as long as the registry says, up to a limit', async () => {
    const { clock, waits } = hastyClock()
    await using server = await HttpServer.start((_, count) =>
      count < 3
        ? { status: 429, headers: { 'retry-after': count === 1 ? '3' : '9999' }, body: '' }
        : { body: [1] },
    )
    await confluentRegistry(server.url, { clock, retry: { backoff: constant(1) } }).versions(subject)
    expect(waits).toEqual([3_000, limits.registryRetryAfterMs])
  })

  test('a connection that is cut is tried again, and in the end named', async () => {
    const { clock } = hastyClock()
    await using server = await HttpServer.start(() => ({}))
    await expect(confluentRegistry(server.url, { clock }).versions(subject)).rejects.toThrow(
      `registry_unreachable: The schema registry at ${server.url} cannot be reached: `,
    )
    expect(server.asked).toHaveLength(limits.registryAttempts)
  })

  test('a registry that does not answer is given up after the timeout', async () => {
    await using server = await HttpServer.start(() => undefined)
    await expect(confluentRegistry(server.url, { ...once, timeout: 20 }).versions(subject)).rejects.toThrow(
      /^registry_unreachable: .* cannot be reached: no answer in 20 ms\./,
    )
  })

  test('closing ends what is asked', async () => {
    await using server = await HttpServer.start(() => undefined)
    const registry = confluentRegistry(server.url)
    const asking = expect(registry.versions(subject)).rejects.toThrow('registry_unreachable')
    await registry.close()
    await asking
  })

  test.each([
    [409, 40901, 'schema_incompatible'],
    [422, 42201, 'schema_invalid'],
    [422, 42205, 'registry_read_only'],
    [418, 41801, 'registry_answer_invalid'],
  ])('%d with code %d is %s, in the words of the registry', async (status, error_code, code) => {
    const body = { error_code, message: 'Because I say so.' }
    await using server = await HttpServer.start(() => ({ status, body }))
    const refused = confluentRegistry(server.url).register(subject, definition)
    await expect(refused).rejects.toMatchObject({ code })
    await expect(refused).rejects.toThrow('Because I say so.')
    expect(server.asked).toHaveLength(1)
  })

  test.each([
    ['a page', '<html>'],
    ['an array', ['a']],
    ['another object', {}],
  ])('%s instead of versions is no answer', async (_, body) => {
    await using server = await HttpServer.start(() => ({ body }))
    await expect(confluentRegistry(server.url).versions(subject)).rejects.toMatchObject({
      code: 'registry_answer_invalid',
    })
  })

  test('an answer without end is not read to the end', async () => {
    const body = 'x'.repeat(limits.registryAnswerBytes + 1)
    await using server = await HttpServer.start(() => ({ body }))
    await expect(confluentRegistry(server.url).versions(subject)).rejects.toThrow(
      `answered with more than ${limits.registryAnswerBytes} bytes`,
    )
  })

  test.each(['registry.example.com', 'ftp://registry', ''])('%j is no address', (url) => {
    expect(() => confluentRegistry(url)).toThrow('url_invalid')
  })
})

describe('What never changes', () => {
  test('is asked once, also by many at the same time', async () => {
    await using server = await HttpServer.start(() => ({ body: stored }))
    const registry = confluentRegistry(server.url)
    await Promise.all([registry.byId(7), registry.byId(7), registry.version(subject, 2)])
    await registry.byId(7)
    await registry.lookUp(subject, definition)
    expect(await registry.lookUp(subject, definition)).toEqual(registered)
    expect(server.paths.toSorted()).toEqual([
      'GET /schemas/ids/7',
      'GET /subjects/com.example.orders.created/versions/2',
      'POST /subjects/com.example.orders.created?normalize=true',
    ])
  })

  test('the newest version, and what was not there, are asked again', async () => {
    await using server = await HttpServer.start((_, count) => (count < 3 ? notFound : { body: stored }))
    const registry = confluentRegistry(server.url)
    expect(await registry.byId(7)).toBeUndefined()
    expect(await registry.version(subject, 'latest')).toBeUndefined()
    expect(await registry.byId(7)).toEqual({ id: 7, guid, ...definition })
    expect(await registry.version(subject, 'latest')).toEqual(registered)
  })

  test('is known from the folder when the registry is gone', async () => {
    const cacheFolder = join(newFolder(), 'answers')
    const server = await HttpServer.start(() => ({ body: stored }))
    const { url } = server
    await confluentRegistry(url, { cacheFolder }).byId(7)
    await confluentRegistry(url, { cacheFolder }).lookUp(subject, definition)
    await server[Symbol.asyncDispose]()
    const registry = confluentRegistry(url, { ...once, cacheFolder })
    expect(await registry.byId(7)).toEqual({ id: 7, guid, ...definition })
    expect(await registry.lookUp(subject, definition)).toEqual(registered)
    await expect(registry.version(subject, 2)).rejects.toThrow('registry_unreachable')
  })

  test('a folder may be shared by clients of several registries', async () => {
    const cacheFolder = newFolder()
    await using one = await HttpServer.start(() => ({ body: { ...stored, schema: '1' } }))
    await using other = await HttpServer.start(() => ({ body: { ...stored, schema: '2' } }))
    const schemas = [one, other].map(
      async ({ url }) => (await confluentRegistry(url, { cacheFolder }).byId(7))?.schema,
    )
    expect(await Promise.all(schemas)).toEqual(['1', '2'])
  })

  test.each([
    ['cut off', (text: string) => text.slice(0, 20)],
    ['empty', () => ''],
    ['changed', (text: string) => text.replace('object', 'string')],
    ['of another question', (text: string) => text.replace('/schemas/ids/7', '/schemas/ids/8')],
  ])('a file that is %s counts as absent, and is written anew', async (_, damage) => {
    const cacheFolder = newFolder()
    await using server = await HttpServer.start(() => ({ body: stored }))
    await confluentRegistry(server.url, { cacheFolder }).byId(7)
    const file = join(cacheFolder, readdirSync(cacheFolder)[0] ?? '')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, damage(text))
    expect((await confluentRegistry(server.url, { cacheFolder }).byId(7))?.schema).toBe(definition.schema)
    expect(readFileSync(file, 'utf8')).toBe(text)
    expect(server.asked).toHaveLength(2)
  })

  test('a folder that cannot be written costs the cache and not the answer', async () => {
    const file = join(newFolder(), 'file')
    writeFileSync(file, '')
    await using server = await HttpServer.start(() => ({ body: stored }))
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    expect(await confluentRegistry(server.url, { cacheFolder: file }).byId(7)).toMatchObject({ id: 7 })
    expect((await warned).message).toContain('Answers of the schema registry cannot be kept in')
  })

  test('the folder keeps a limited number of files', async () => {
    const cacheFolder = newFolder()
    for (let at = 0; at < limits.registryCacheFiles; at++)
      writeFileSync(join(cacheFolder, `${at}.answer.json`), '')
    await using server = await HttpServer.start(() => ({ body: stored }))
    await confluentRegistry(server.url, { cacheFolder }).byId(7)
    expect(readdirSync(cacheFolder).length).toBeLessThan(limits.registryCacheFiles)
  })
})
