import { expect, test } from 'vitest'
import { Shell } from './cli.fixture.ts'

const source = new URL('../index.ts', import.meta.url).pathname
const postgres = 'postgres://localhost:1/shop'
function configuration(fields: string): string {
  return `import { defineConfig } from '${source}'\nexport default defineConfig({ ${fields} })\n`
}

test.each([
  ['engine', `url: '${postgres}'`],
  ['outboxes', `url: 'sqlite:shop.db', outboxes: { orders: '${postgres}' }`],
  ['streams', `url: 'sqlite:shop.db', streams: [{ url: '${postgres}', of: [] }]`],
  [
    'projections',
    `url: 'sqlite:shop.db', projections: [{ url: '${postgres}', streams: 'sqlite:shop.db', of: [] }]`,
  ],
  ['registry', `url: 'sqlite:shop.db', registry: '${postgres}'`],
])('the %s of the configuration is migrated where it is in PostgreSQL', async (_, fields) => {
  using shell = new Shell({ config: configuration(fields) })
  expect(await shell.run(['migrate'])).toMatchObject({
    exitCode: 5,
    stderr: expect.stringContaining('engine_unreachable'),
  })
})

test('without PostgreSQL there is nothing to migrate, which is said', async () => {
  using shell = new Shell({ config: configuration("url: 'sqlite:shop.db'") })
  expect(await shell.run(['migrate'])).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('capability_missing: sqlite lacks migrations'),
  })
})
