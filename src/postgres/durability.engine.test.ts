import { expect, test } from 'vitest'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { postgres } from './postgres.ts'
import { describeOnServer, ownSchema } from './server.fixture.ts'

const placed = defineEvent('placed').version(1, { type: 'object' } as const)
const catalog = defineCatalog([defineTopic('orders', { events: [placed] })])

describeOnServer('What a PostgreSQL server is set up for', () => {
  test('is said with its version, as the sessions of the engine see it', async () => {
    await using own = ownSchema()
    const engine = await postgres(own.url)
    const { version, durability } = await engine.probe()
    await engine.close()
    expect(version).toMatch(/^\d+\.\d+$/)
    expect(durability.map(({ setting, value, verdict }) => [setting, value, verdict])).toEqual([
      ['fsync', 'on', 'safe'],
      ['synchronous_commit', 'on', 'safe'],
      ['full_page_writes', 'on', 'safe'],
      ['synchronous_standby_names', 'none', 'safe'],
    ])
  })

  test('is refused where durability is required and the role acknowledges before it syncs', async () => {
    await using own = ownSchema()
    const transport = await postgres(`${own.url}&options=-c%20synchronous_commit%3Doff`)
    await using closing = { [Symbol.asyncDispose]: () => transport.close() }
    void closing
    expect(transport.capabilities.durableAck).toBe('memory')
    await expect(openBus({ transport, source: '/a', catalog, durability: 'required' })).rejects.toThrow(
      'not_durable: postgres can lose what it has acknowledged: synchronous_commit is off.',
    )
  })
})
