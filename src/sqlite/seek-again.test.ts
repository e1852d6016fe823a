import { expect, test } from 'vitest'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { sqlite } from './index.ts'
import { folder } from './sqlite.fixture.ts'

const placed = defineEvent('placed')
  .version(1, { type: 'object', properties: { orderId: { type: 'string' } }, required: ['orderId'] } as const)
  .subject(({ orderId }) => orderId)
const catalog = defineCatalog([defineTopic('orders', { partitions: 2, events: [placed] })])

/** One process: opens the file, lets its group catch up, and closes. Returns what became of the deliveries. */
async function catchUp(file: string, orderIds: readonly string[] = []): Promise<string[]> {
  const outcomes: string[] = []
  const engine = await sqlite(file)
  engine.database.exec('CREATE TABLE IF NOT EXISTS invoice (order_id TEXT) STRICT')
  const report = ({ outcome }: { readonly outcome: string }): void => void outcomes.push(outcome)
  await using bus = await openBus({ transport: engine, source: '/tests', catalog, drainOn: false, report })
  const billing = bus
    .group('billing', { start: 'start', rewind: 'allowed', inbox: engine.inbox() })
    .on(placed, ({ event, transact }) =>
      transact((tx) => tx.prepare('INSERT INTO invoice VALUES (?)').run(event.data.orderId)),
    )
  await bus.publishAll(orderIds.map((orderId) => placed.create({ orderId })))
  await billing.caughtUp()
  return outcomes
}

test('In a file, moving a group back finds duplicates, and moving it back again has each effect once more', async () => {
  using files = folder()
  const invoices = async (again: boolean): Promise<unknown[]> => {
    const engine = await sqlite(files.file())
    await engine.admin.seek('billing', 'orders', 'start', { again })
    await engine.close()
    const outcomes = await catchUp(files.file())
    const after = await sqlite(files.file())
    const counts = after.database.prepare('SELECT count(*) AS count FROM invoice GROUP BY order_id').all()
    await after.close()
    return [outcomes, counts.map((row) => row['count'])]
  }
  expect(await catchUp(files.file(), ['a', 'b', 'c'])).toEqual(['handled', 'handled', 'handled'])
  expect(await invoices(false)).toEqual([
    ['duplicate', 'duplicate', 'duplicate'],
    [1, 1, 1],
  ])
  expect(await invoices(true)).toEqual([
    ['handled', 'handled', 'handled'],
    [2, 2, 2],
  ])
  expect(await invoices(false)).toEqual([
    ['duplicate', 'duplicate', 'duplicate'],
    [2, 2, 2],
  ])
})
