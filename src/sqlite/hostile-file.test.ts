import { copyFileSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { type Bus, openBus } from '../bus/index.ts'
import { isTidingsError } from '../kernel/index.ts'
import { type SqliteCapabilities, sqlite } from './index.ts'
import { folder } from './sqlite.fixture.ts'

const placed = defineEvent('placed').version(1, { type: 'object' } as const)
const catalog = defineCatalog([defineTopic('orders', { partitions: 1, events: [placed] })])

async function open(file: string): Promise<Bus<SqliteCapabilities, 'placed'>> {
  return openBus({ transport: await sqlite(file), source: '/tests', catalog, drainOn: false })
}

/** How a member's run ends. */
async function endOf(bus: Awaited<ReturnType<typeof open>>): Promise<{ ended: Promise<unknown> }> {
  const group = bus.group('billing', { start: 'start', sessionTimeout: '300ms' }).on(placed, () => undefined)
  const ended = group.run().then(
    () => 'stopped',
    (error: unknown) => (isTidingsError(error) ? error.code : error),
  )
  await group.joined()
  return { ended }
}

const harm = {
  deleted: (file: string) => rmSync(file),
  moved: (file: string) => renameSync(file, `${file}.old`),
  replaced: (file: string) => {
    copyFileSync(file, `${file}.copy`)
    renameSync(`${file}.copy`, file)
  },
}

describe('A file that is open and', () => {
  for (const [what, happens] of Object.entries(harm)) {
    test(`${what}: nothing is acknowledged any more, and members end with the reason`, async () => {
      using files = folder()
      const file = files.file()
      await using bus = await open(file)
      await bus.publish(placed, {})
      const { ended } = await endOf(bus)
      happens(file)
      await expect(bus.publish(placed, {})).rejects.toThrow(
        /^publish_failed: .*file_replaced: .*Stop all its users/,
      )
      expect(await ended).toBe('file_replaced')
    })
  }

  test('cut short: nothing is made up of it, and members end with the reason', async () => {
    using files = folder()
    const file = files.file()
    const first = await open(file)
    for (let count = 0; count < 200; count++) await first.publish(placed, { text: 'x'.repeat(1_000) })
    await first.close()
    await using bus = await open(file)
    truncateSync(file, 20_000)
    const group = bus
      .group('billing', { start: 'start', sessionTimeout: '300ms' })
      .on(placed, () => undefined)
    await expect(group.run()).rejects.toThrow(
      /^(file_corrupt|record_corrupt|file_not_ours|engine_unreachable)/,
    )
  })
})
