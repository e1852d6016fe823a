import { existsSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connect, connectRegistry } from './connect.ts'

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-connect-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

test.each(['sqlite:', 'sqlite://'])('%s and an absolute path open that file', async (scheme) => {
  const file = join(freshFolder(), 'my shop.db')
  const engine = await connect(`${scheme}${encodeURI(file)}`)
  await engine.close()
  expect(existsSync(file)).toBe(true)
})

test('memory: opens an engine that is gone with the process', async () => {
  const engine = await connect('memory:')
  expect(engine.capabilities.durableAck).toBe('memory')
  await engine.close()
})

test.each([
  ['sqlite://x.db', 'sqlite://x.db begins with the name of a host. Write sqlite:x.db, or sqlite:///x.db for'],
  ['sqlite:', 'sqlite: names no file. Write sqlite:shop.db.'],
  ['sqlite://', 'Write sqlite:shop.db, or'],
  ['sqlite:100%.db', 'Write %25 for a %'],
  ['mysql:shop', '"mysql:shop" names no engine. A URL begins with memory: or sqlite: or'],
  ['postgres:shop', 'Write postgres://user:password@host:5432/database.'],
  ['kafka:', 'It names no broker. Write kafka://localhost:9092.'],
  ['kafka://a:9092?acks=1', 'It has the option "acks". It may have tls and mechanism.'],
  ['amqp:', 'It names no host: write amqp://localhost:5672.'],
  ['amqp://a?heartbeat=5', 'It has options, which are given to rabbitmq() instead'],
  ['amqp://a/b/c', 'Write a slash in the name of the virtual host as %2F.'],
  ['shop.db', '"shop.db" names no engine.'],
  ['postgres://localhost/shop?schema=Shop', 'A schema of PostgreSQL cannot be called "Shop" here.'],
  [undefined as unknown as string, 'undefined names no engine.'],
])('%s is refused, saying what to write', async (url, sentence) => {
  await expect(connect(url)).rejects.toThrow(/^(url|option)_invalid: /)
  await expect(connect(url)).rejects.toThrow(sentence)
})

test('glue: opens the registry of AWS, which is asked for nothing yet', async () => {
  for (const url of ['glue://eu-central-1/shop?endpoint=http://127.0.0.1:1', 'glue:///shop', 'glue://'])
    await (await connectRegistry(url)).close()
})

test.each([
  'glue://eu-central-1/shop/orders',
  'glue://eu-central-1/shop?profile=x',
  'glue:shop',
  'glue://eu/%',
  'glue://a b/x',
])('%s names no registry', async (url) => {
  await expect(connectRegistry(url)).rejects.toThrow('url_invalid: ')
  await expect(connectRegistry(url)).rejects.toThrow('Write glue://eu-central-1/my-registry')
})
