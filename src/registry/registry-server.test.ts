import { beforeEach, describe, expect, test } from 'vitest'
import { type Answer, Client, closed, open, record, wider } from './registry.fixture.ts'

let client: Client
beforeEach(() => {
  client = new Client()
})

const text = (schema: unknown): string => JSON.stringify(schema)

const lookUp = (subject: string, schema: unknown): Promise<Answer> =>
  client.call('POST', `/subjects/${subject}`, { schemaType: 'JSON', schema: text(schema) })

const check = async (path: string, schema: unknown): Promise<unknown> => {
  const body = { schemaType: 'JSON', schema: text(schema) }
  return (await client.call('POST', `/compatibility/subjects/${path}`, body)).body
}

const put = async (path: string, body: unknown): Promise<unknown> =>
  (await client.call('PUT', path, body)).body

describe('Registering', () => {
  test('answers id, version, guid and what was sent', async () => {
    const metadata = { properties: { owner: 'Bob' }, tags: { x: ['PII'] } }
    const ruleSet = { domainRules: [{ name: 'r', kind: 'CONDITION', expr: 'true' }] }
    const { status, body, headers } = await client.register('orders', open, { metadata, ruleSet, unknown: 1 })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/vnd.schemaregistry.v1+json')
    expect(body).toEqual({
      id: 1,
      version: 1,
      guid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      schemaType: 'JSON',
      metadata,
      ruleSet,
      schema: text(open),
    })
    expect(await client.get('/subjects/orders/versions/1')).toMatchObject({ metadata, ruleSet })
  })

  test('takes an absent schemaType for AVRO, and leaves it out of answers', async () => {
    const { body } = await client.register('orders', record, { schemaType: undefined })
    expect(body).not.toHaveProperty('schemaType')
    expect(await client.get('/schemas/ids/1')).toEqual({ schema: text(record) })
  })

  test('never looks at content types', async () => {
    const request = { schemaType: 'JSON', schema: text(open) }
    for (const type of ['text/plain', 'application/octet-stream', 'image/png']) {
      const headers = { 'content-type': type, accept: 'text/html' }
      expect((await client.call('POST', '/subjects/orders/versions', request, headers)).status).toBe(200)
    }
  })

  test('names the contexts in what it answers', async () => {
    await client.register(':.staging:orders', open)
    expect(await client.get('/contexts/.staging/subjects/orders/versions/latest')).toMatchObject({
      subject: ':.staging:orders',
      version: 1,
    })
    const { status } = await client.call('POST', '/contexts/.staging/subjects/orders/versions', {
      schemaType: 'JSON',
      schema: text({ ...open, title: 'o' }),
    })
    expect(status).toBe(200)
    expect(await client.get('/subjects')).toEqual([':.staging:orders'])
    expect(await client.get('/contexts/.staging/subjects/orders/versions')).toEqual([1, 2])
    expect(await client.get('/contexts/.staging/schemas/ids/2')).toMatchObject({ schemaType: 'JSON' })
    expect(await client.get('/schemas/ids/2?subject=:.staging:orders')).toMatchObject({ schemaType: 'JSON' })
    expect(await client.get('/schemas/ids/2')).toMatchObject({ error_code: 40403 })
    expect(await client.get('/contexts')).toEqual(['.', '.staging'])
  })
})

describe('Looking', () => {
  beforeEach(async () => {
    await client.register('orders', closed)
    await client.register('orders', wider, { metadata: { properties: { major: '2' } } })
    await client.register('invoices', closed)
  })

  test.each([
    ['/', {}],
    ['/subjects', ['invoices', 'orders']],
    ['/subjects?subjectPrefix=ord', ['orders']],
    ['/subjects?offset=1&limit=1', ['orders']],
    ['/subjects/orders/versions', [1, 2]],
    ['/subjects/orders/versions/latest', expect.objectContaining({ subject: 'orders', version: 2, id: 2 })],
    ['/subjects/orders/versions/-1', expect.objectContaining({ version: 2 })],
    ['/subjects/orders/versions/1', expect.objectContaining({ version: 1, schema: text(closed) })],
    ['/subjects/orders/versions/1/schema', closed],
    ['/subjects/orders/versions/1/referencedby', []],
    ['/subjects/orders/metadata?deleted=&&key=major&value=2', expect.objectContaining({ version: 2 })],
    ['/subjects/orders/metadata?key=major&value=3', expect.objectContaining({ error_code: 40403 })],
    ['/schemas/ids/1', { schemaType: 'JSON', schema: text(closed) }],
    ['/schemas/ids/1/schema', closed],
    ['/schemas/ids/1/subjects', ['invoices', 'orders']],
    [
      '/schemas/ids/1/versions',
      [
        { subject: 'invoices', version: 1 },
        { subject: 'orders', version: 1 },
      ],
    ],
    ['/schemas/types', ['JSON', 'AVRO']],
    [
      '/schemas?latestOnly=true',
      [expect.objectContaining({ version: 1 }), expect.objectContaining({ version: 2 })],
    ],
    ['/schemas?subjectPrefix=orders', [expect.anything(), expect.anything()]],
    ['/orders/2', wider],
    ['/contexts', ['.']],
  ])('GET %s', async (path, expected) => {
    expect(await client.get(path)).toEqual(expected)
  })

  test.each([
    ['/subjects/nobody/versions', 40401],
    ['/subjects/nobody/versions/1', 40401],
    ['/subjects/orders/versions/7', 40402],
    ['/subjects/orders/versions/0', 42202],
    ['/subjects/orders/versions/first', 42202],
    ['/subjects/orders/versions/1.5', 42202],
    ['/schemas/ids/99', 40403],
    ['/schemas/ids/x', 40403],
    ['/schemas/ids/99999999999999999999', 40403],
    ['/schemas/guids/none', 40403],
    ['/associations/resources/-/orders?resourceType=topic', 404],
    ['/nothing', 404],
    ['/orders/99', 40402],
    ['/config/orders', 40408],
    ['/mode/orders', 40409],
  ])('GET %s is refused with %i and a sentence', async (path, code) => {
    const { status, body } = await client.call('GET', path)
    expect(body).toEqual({ error_code: code, message: expect.stringMatching(/^[A-Z"].*[.?]$/) })
    expect(status).toBe(Number(String(code).slice(0, 3)))
  })

  test('finds a version by its content, and says whether subject or schema is missing', async () => {
    expect((await lookUp('orders', wider)).body).toMatchObject({ subject: 'orders', version: 2, id: 2 })
    expect((await lookUp('orders', open)).body).toMatchObject({ error_code: 40403 })
    expect((await lookUp('nobody', open)).body).toMatchObject({ error_code: 40401 })
  })

  test('finds content by its guid', async () => {
    const { guid } = (await client.get('/subjects/orders/versions/1')) as { guid: string }
    expect(await client.get(`/schemas/guids/${guid}`)).toEqual({ schemaType: 'JSON', schema: text(closed) })
    expect(await client.get(`/schemas/guids/${guid}/ids`)).toEqual([{ context: '.', id: 1 }])
  })

  test('sends the guid with an id only where that is switched on', async () => {
    const full = new Client({ guidWithIds: true })
    await full.register('orders', open)
    expect(await full.get('/schemas/ids/1')).toHaveProperty('guid')
    expect(await client.get('/schemas/ids/1')).not.toHaveProperty('guid')
  })

  test('serves the schemas of events where schemaBase says', async () => {
    const based = new Client({ schemaBase: '/schemas/events/' })
    await based.register('com.example.orders.created', open)
    expect(await based.get('/schemas/events/com.example.orders.created/1')).toEqual(open)
    expect(await based.get('/com.example.orders.created/1')).toMatchObject({ error_code: 404 })
  })
})

describe('References', () => {
  test('are listed where they lead to, and keep it', async () => {
    await client.register('money', { type: 'number' })
    const references = [{ name: 'money.json', subject: 'money', version: 1 }]
    await client.register('orders', { properties: { total: { $ref: 'money.json' } } }, { references })
    expect(await client.get('/subjects/orders/versions/1')).toMatchObject({ references })
    expect(await client.get('/subjects/money/versions/1/referencedby')).toEqual([2])
    const { status, body } = await client.call('DELETE', '/subjects/money')
    expect([status, body]).toEqual([422, expect.objectContaining({ error_code: 42206 })])
  })
})

describe('Deleting', () => {
  test('hides softly, then removes for good', async () => {
    await client.register('orders', closed)
    await client.register('orders', wider)
    expect((await client.call('DELETE', '/subjects/orders/versions/2')).body).toBe(2)
    expect(await client.get('/subjects/orders/versions')).toEqual([1])
    expect(await client.get('/subjects/orders/versions?deleted=true')).toEqual([1, 2])
    expect(await client.get('/subjects/orders/versions?deleted=true&deletedAsNegative=true')).toEqual([1, -2])
    expect(await client.get('/subjects/orders/versions?deletedOnly=true')).toEqual([2])
    expect(await client.get('/subjects/orders/versions/2')).toMatchObject({ error_code: 40402 })
    expect(await client.get('/subjects/orders/versions/2?deleted=true')).toMatchObject({ version: 2 })
    expect((await client.call('DELETE', '/subjects/orders?permanent=true')).body).toMatchObject({
      error_code: 40405,
    })
    expect((await client.call('DELETE', '/subjects/orders')).body).toEqual([1])
    expect((await client.call('DELETE', '/subjects/orders')).body).toMatchObject({ error_code: 40404 })
    expect(await client.get('/subjects')).toEqual([])
    expect(await client.get('/subjects?deleted=true')).toEqual(['orders'])
    expect((await client.call('DELETE', '/subjects/orders?permanent=true')).body).toEqual([1, 2])
    expect(await client.get('/subjects?deleted=true')).toEqual([])
    expect((await client.call('DELETE', '/subjects/orders')).body).toMatchObject({ error_code: 40401 })
  })

  test('has a code for each step that is out of turn', async () => {
    await client.register('orders', closed)
    const remove = async (query: string) =>
      (await client.call('DELETE', `/subjects/orders/versions/1${query}`)).body
    expect(await remove('?permanent=true')).toMatchObject({ error_code: 40407 })
    expect(await remove('')).toBe(1)
    expect(await remove('')).toMatchObject({ error_code: 40406 })
    expect(await remove('?permanent=true')).toBe(1)
    expect(await remove('')).toMatchObject({ error_code: 40401 })
  })
})

describe('Compatibility', () => {
  test('answers is_compatible, and why not with verbose alone', async () => {
    await client.register('orders', wider)
    const changed = { ...wider, properties: { ...wider.properties, total: { type: 'string' } } }
    expect(await check('orders/versions', wider)).toEqual({ is_compatible: true })
    expect(await check('orders/versions/latest', changed)).toEqual({ is_compatible: false })
    expect(await check('orders/versions/1?verbose=true', changed)).toEqual({
      is_compatible: false,
      messages: [expect.stringMatching(/^\/properties\/total\/type: .+/)],
    })
    expect(await check('orders/versions?verbose=true', wider)).toEqual({ is_compatible: true, messages: [] })
  })

  test('is true against a schema subject that is not there', async () => {
    expect(await check('nobody/versions/latest', open)).toEqual({ is_compatible: true })
    expect(await check('nobody/versions', open)).toEqual({ is_compatible: true })
  })

  test('has 409 for a registration that is refused, with the reason and the fix', async () => {
    await client.register('orders', wider)
    const { status, body } = await client.register('orders', { ...wider, required: ['total'] })
    expect(status).toBe(409)
    expect(body).toEqual({
      error_code: 40901,
      message: expect.stringMatching(
        /cannot follow version 1 of "orders" under BACKWARD\. .*total.* Leave "total" optional/,
      ),
    })
    expect(await client.get('/subjects/orders/versions')).toEqual([1])
  })
})

describe('Settings', () => {
  test('are put as compatibility and got as compatibilityLevel', async () => {
    expect(await client.get('/config')).toEqual({ compatibilityLevel: 'BACKWARD' })
    expect(await put('/config', { compatibility: 'FULL' })).toEqual({ compatibility: 'FULL' })
    expect(await client.get('/config')).toEqual({ compatibilityLevel: 'FULL' })
    expect((await client.call('DELETE', '/config')).body).toEqual({ compatibilityLevel: 'FULL' })
    expect(await client.get('/config')).toEqual({ compatibilityLevel: 'BACKWARD' })
  })

  test('of a schema subject are its own, unless those that hold are asked for', async () => {
    await put('/config', { compatibility: 'FULL', compatibilityPolicy: 'LENIENT' })
    expect(await client.get('/config/orders')).toMatchObject({ error_code: 40408 })
    const all = { compatibilityLevel: 'FULL', compatibilityPolicy: 'LENIENT' }
    expect(await client.get('/config/orders?defaultToGlobal=true')).toEqual(all)
    const own = { compatibilityGroup: 'major', normalize: true, alias: 'x', unknown: 1 }
    await put('/config/orders', own)
    await put('/config/orders', { compatibility: 'NONE', alias: null })
    const set = { compatibilityLevel: 'NONE', compatibilityGroup: 'major', normalize: true }
    expect(await client.get('/config/orders')).toEqual(set)
    expect((await client.call('DELETE', '/config/orders')).body).toMatchObject(set)
    expect((await client.call('DELETE', '/config/orders')).body).toMatchObject({ error_code: 40408 })
  })

  test.each([
    [{ compatibility: 'SIDEWAYS' }, 42203],
    [{ compatibilityPolicy: 'KIND' }, 42203],
    [{ compatibilityGroup: 7 }, 42203],
  ])('refuse %j', async (body, code) => {
    expect(await put('/config/orders', body)).toEqual({
      error_code: code,
      message: expect.stringMatching(/\.$/),
    })
    expect(await client.get('/config/orders')).toMatchObject({ error_code: 40408 })
  })

  test('have modes', async () => {
    expect(await client.get('/mode')).toEqual({ mode: 'READWRITE' })
    expect(await put('/mode', { mode: 'READONLY' })).toEqual({ mode: 'READONLY' })
    expect((await client.register('orders', open)).body).toMatchObject({ error_code: 42205 })
    expect(await put('/mode/orders', { mode: 'READWRITE' })).toEqual({ mode: 'READWRITE' })
    expect((await client.register('orders', open)).status).toBe(200)
    expect(await client.get('/mode/invoices?defaultToGlobal=true')).toEqual({ mode: 'READONLY' })
    expect(await put('/mode/orders', { mode: 'IMPORT' })).toMatchObject({ error_code: 42205 })
    expect(await put('/mode/orders?force=true', { mode: 'IMPORT' })).toEqual({ mode: 'IMPORT' })
    expect((await client.register('orders', closed, { id: 1, version: 9 })).body).toMatchObject({
      error_code: 42207,
    })
    expect((await client.register('orders', closed, { id: 90, version: 9 })).body).toMatchObject({
      id: 90,
      version: 9,
    })
    expect((await client.call('DELETE', '/mode/orders')).body).toEqual({ mode: 'IMPORT' })
    expect((await client.call('DELETE', '/mode/orders')).body).toMatchObject({ error_code: 40409 })
    expect(await put('/mode', { mode: 'SLEEPING' })).toMatchObject({ error_code: 42204 })
  })

  test('of a context hold for its schema subjects', async () => {
    await put('/contexts/.staging/config', { compatibility: 'NONE' })
    expect(await client.get('/config/:.staging:orders?defaultToGlobal=true')).toEqual({
      compatibilityLevel: 'NONE',
    })
    expect(await client.get('/config/orders?defaultToGlobal=true')).toEqual({
      compatibilityLevel: 'BACKWARD',
    })
  })
})

describe('An alias', () => {
  beforeEach(async () => {
    await client.register('orders', closed)
    await put('/config/old-orders', { alias: 'orders' })
  })

  test('is another name under which versions are found, checked and registered', async () => {
    expect(await client.get('/subjects/old-orders/versions')).toEqual([1])
    expect(await client.get('/subjects/old-orders/versions/latest')).toMatchObject({ subject: 'orders' })
    expect((await lookUp('old-orders', closed)).body).toMatchObject({ subject: 'orders', version: 1 })
    expect(await check('old-orders/versions/latest', open)).toEqual({ is_compatible: true })
    expect((await client.register('old-orders', { ...wider, type: 'array' })).status).toBe(409)
    expect((await client.register('old-orders', wider)).body).toMatchObject({ version: 2 })
    expect(await client.get('/subjects')).toEqual(['orders'])
  })

  test('has settings of its own, and is followed once', async () => {
    expect(await client.get('/config/old-orders')).toEqual({ alias: 'orders' })
    await put('/config/older-orders', { alias: 'old-orders' })
    expect(await client.get('/subjects/older-orders/versions')).toMatchObject({ error_code: 40401 })
    await put('/config/old-orders', { alias: null })
    expect(await client.get('/subjects/old-orders/versions')).toMatchObject({ error_code: 40401 })
  })

  test('deletes nothing of what it stands for', async () => {
    expect((await client.call('DELETE', '/subjects/old-orders')).body).toMatchObject({ error_code: 40401 })
    expect(await client.get('/subjects/orders/versions')).toEqual([1])
  })

  test.each([7, 'a\nb', '..'])('is refused as %j', async (alias) => {
    expect(await put('/config/orders', { alias })).toEqual({
      error_code: 42208,
      message: expect.stringMatching(/\.$/),
    })
  })
})

const remove = async (context: string): Promise<unknown> => {
  const request = new Request(`http://localhost:8081/contexts/${context}`, { method: 'DELETE' })
  const response = await client.server.fetch(request)
  return response.status === 204 ? 204 : response.json()
}

describe('Deleting a context', () => {
  test('forgets what is set for it, once nothing is in it', async () => {
    await put('/contexts/.staging/config', { compatibility: 'NONE' })
    await client.register(':.staging:orders', open)
    expect(await remove('.staging')).toEqual({
      error_code: 42211,
      message: expect.stringMatching(/":\.staging:orders"\. Delete all .* first\.$/),
    })
    await client.call('DELETE', '/subjects/:.staging:orders')
    expect(await remove('.staging')).toMatchObject({ error_code: 42211 })
    await client.call('DELETE', '/subjects/:.staging:orders?permanent=true')
    expect(await remove('.staging')).toBe(204)
    expect(await client.get('/contexts')).toEqual(['.'])
    expect(await client.get('/contexts/.staging/config')).toEqual({ compatibilityLevel: 'BACKWARD' })
  })

  test('is not possible for the default one', async () => {
    expect(await remove('.')).toMatchObject({ error_code: 404 })
    expect(await remove(':.:')).toMatchObject({ error_code: 42205 })
  })
})

describe('A store that fails', () => {
  test('is told to whoever runs the server, and to clients only that it is so', async () => {
    const failing = new Client({
      store: new Proxy(Object.create(null), {
        get: () => () => Promise.reject(new Error('secret: /var/lib/registry.db')),
      }),
    })
    const { status, body } = await failing.call('GET', '/subjects')
    expect([status, body]).toEqual([
      500,
      { error_code: 50001, message: 'The registry failed. Its own output says more.' },
    ])
    expect(failing.errors.map(({ message }) => message)).toEqual(['secret: /var/lib/registry.db'])
  })
})
