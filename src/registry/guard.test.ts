import { describe, expect, test } from 'vitest'
import { Client, open } from './registry.fixture.ts'

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

describe('A registry without a token', () => {
  test.each(['localhost', 'localhost:8081', '127.0.0.1:8081', '[::1]:8081'])(
    'answers to the host %s',
    async (host) => {
      expect((await new Client().call('GET', '/subjects', undefined, { host })).status).toBe(200)
    },
  )

  test.each(['example.com', 'localhost.example.com', '127.0.0.1.nip.io', '192.168.0.7', '', 'a b'])(
    'does not answer to the host %j, by which a page of another site could reach it',
    async (host) => {
      const { status, body } = await new Client().call('GET', '/subjects', undefined, { host })
      expect([status, body]).toEqual([
        403,
        { error_code: 403, message: expect.stringMatching(/localhost alone/) },
      ])
    },
  )

  test.each([
    { origin: 'https://example.com' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('takes nothing from a page of another site: %j', async (headers) => {
    const client = new Client()
    const body = { schemaType: 'JSON', schema: JSON.stringify(open) }
    expect((await client.call('POST', '/subjects/orders/versions', body, headers)).status).toBe(403)
    expect(await client.get('/subjects')).toEqual([])
  })

  test('lets no other site read, whatever it asks for', async () => {
    const { headers } = await new Client().call('OPTIONS', '/subjects', undefined, {
      'access-control-request-method': 'POST',
    })
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('A registry with a token', () => {
  const token = 'correct-horse'
  const client = new Client({ token })
  const status = async (headers: Readonly<Record<string, string>>, path = '/subjects') =>
    (await client.call('GET', path, undefined, headers)).status

  test('takes it as bearer, or as the password of basic authentication', async () => {
    expect(await status({ authorization: `Bearer ${token}` })).toBe(200)
    expect(await status({ authorization: `bearer ${token}` })).toBe(200)
    expect(await status({ authorization: basic('anybody', token) })).toBe(200)
    expect(await status({ authorization: `Bearer ${token}`, host: 'registry.example.com' })).toBe(200)
  })

  test.each([
    {},
    { authorization: '' },
    { authorization: token },
    { authorization: 'Bearer' },
    { authorization: 'Bearer ' },
    { authorization: 'Bearer wrong' },
    { authorization: `Bearer ${token}x` },
    { authorization: `Bearer ${token}, Bearer ${token}` },
    { authorization: `Digest ${token}` },
    { authorization: basic(token, '') },
    { authorization: 'Basic ????' },
  ])('asks for it when it gets %j', async (headers) => {
    const {
      status: code,
      headers: answered,
      body,
    } = await client.call('GET', '/subjects', undefined, headers)
    expect([code, answered.get('www-authenticate')]).toEqual([401, 'Basic realm="registry", Bearer'])
    expect(body).toEqual({ error_code: 401, message: expect.stringMatching(/Authorization: Bearer/) })
  })

  test.each([
    '/',
    '/config',
    '/schemas/ids/1',
    '/nothing',
    '//subjects',
    '/%73ubjects',
    '/orders/1',
    '/contexts/.a/mode',
  ])('asks for it at %s', async (path) => {
    expect(await status({}, path)).toBe(401)
  })
})
