import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Shell } from './cli.fixture.ts'

interface Document {
  readonly info: object
  readonly operations: object
}

async function printed(shell: Shell, ...options: string[]): Promise<Document> {
  const { exitCode, stdout, stderr } = await shell.run(['asyncapi', ...options])
  expect([exitCode, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Document
}

test('the catalog is printed as AsyncAPI, named as the configuration says', async () => {
  using shell = new Shell()
  expect(await printed(shell)).toMatchObject({
    asyncapi: '3.1.0',
    info: { title: '/shop', version: '0.0.0' },
    channels: { orders: { messages: { 'com.example.orders.shipped.v1': { 'x-tidings-version': 1 } } } },
  })
})

test('name and version come from package.json where there is one, else from options', async () => {
  using shell = new Shell()
  shell.write('package.json', JSON.stringify({ name: 'shop', version: '2.0.1', description: 'It sells.' }))
  expect((await printed(shell)).info).toEqual({ title: 'shop', version: '2.0.1', description: 'It sells.' })
  expect((await printed(shell, '--title', 'Store', '--app-version', '3')).info).toMatchObject({
    title: 'Store',
    version: '3',
  })
})

test('what the application sends and receives can be named by topic or type', async () => {
  using shell = new Shell()
  const { operations } = await printed(shell, '--receives', 'orders', '--sends', 'com.example.orders.shipped')
  expect(operations).toMatchObject({
    'orders.send': { messages: [{ $ref: '#/channels/orders/messages/com.example.orders.shipped.v1' }] },
    'orders.receive': { messages: [{}, {}] },
  })
})

test('the binary content mode of a protocol can be asked for', async () => {
  using shell = new Shell()
  const { channels } = (await printed(shell, '--binary', 'kafka')) as unknown as { channels: object }
  expect(channels).toMatchObject({
    orders: {
      messages: {
        'com.example.orders.shipped.v1': {
          headers: { properties: { ce_type: { const: 'com.example.orders.shipped' } } },
        },
      },
    },
  })
  expect(await shell.run(['asyncapi', '--binary', 'carrier-pigeon'])).toMatchObject({ exitCode: 2 })
})

test('it is written to a file, the same each time', async () => {
  using shell = new Shell()
  const write = async (): Promise<string> => {
    expect(await shell.run(['asyncapi', '--out', 'asyncapi.json'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: '',
    })
    return readFileSync(shell.path('asyncapi.json'), 'utf8')
  }
  const first = await write()
  expect(await write()).toBe(first)
  expect(JSON.parse(first)).toMatchObject({ asyncapi: '3.1.0' })
})

test('without a catalog it says what is missing', async () => {
  using shell = new Shell({ config: "export default { url: 'sqlite:shop.db' }\n" })
  const { exitCode, stderr } = await shell.run(['asyncapi'])
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringMatching(/^tidings: config_missing: The document is made from a catalog\. /),
  ])
})

test('an event that is not in the catalog is refused with the nearest', async () => {
  using shell = new Shell()
  const { exitCode, stderr } = await shell.run(['asyncapi', '--sends', 'com.example.orders.shiped'])
  expect([exitCode, stderr]).toEqual([4, expect.stringContaining('Did you mean com.example.orders.shipped?')])
})
