import { expect, test } from 'vitest'
import { openBus } from '../index.ts'
import { jsonLines, Shell } from './cli.fixture.ts'
import { catalog, created as orderCreated } from './tidings.config.fixture.ts'

/** An order whose mail fails once. */
async function deliverOrder(shell: Shell): Promise<void> {
  await shell.engine(async (engine) => {
    const bus = await openBus({
      transport: engine,
      catalog,
      source: '/orders',
      drainOn: false,
      report: () => undefined,
      journal: true,
    })
    let failures = 1
    const mails = bus.group('mails', { start: 'start' }).on(orderCreated, () => {
      if (failures-- > 0) throw new TypeError('No mail server')
    })
    await mails.joined()
    await bus.publish(orderCreated, { orderId: '42', totalCents: 100 })
    await mails.caughtUp()
    await bus.drain()
  })
}

test('shows the deliveries of an order by its subject, its trace and its event', async () => {
  using shell = new Shell()
  await deliverOrder(shell)
  const [event] = await shell.events()
  const bySubject = await shell.run(['trace', 'orders/42'])
  expect(bySubject).toMatchObject({ exitCode: 0, stderr: '' })
  expect(bySubject.stdout).toMatch(/^trace [0-9a-f]{32}: 1 event, 2 deliveries, /)
  expect(bySubject.stdout).toMatch(/mails failed, waited .*: TypeError: No mail server/)
  expect(bySubject.stdout).toMatch(/handled in attempt 2, took /)
  const [, traceId = ''] = /^trace (\w+)/.exec(bySubject.stdout) ?? []
  expect((await shell.run(['trace', traceId])).stdout).toBe(bySubject.stdout)
  expect((await shell.run(['trace', event?.id ?? ''])).stdout).toBe(bySubject.stdout)
  const diagram = await shell.run(['trace', 'orders/42', '--view', 'sequence'])
  expect(diagram.stdout).toMatch(/^sequenceDiagram\n {2}participant p0 as \/orders\n/)
  expect(jsonLines((await shell.run(['trace', 'orders/42', '--json'])).stdout)).toMatchObject([
    { group: 'mails', attempt: 1, outcome: 'failed' },
    { group: 'mails', attempt: 2, outcome: 'handled' },
  ])
})

test('says where to look when the journal tells of nothing', async () => {
  using shell = new Shell()
  await deliverOrder(shell)
  const { exitCode, stderr } = await shell.run(['trace', 'orders/43'])
  expect(exitCode).toBe(4)
  expect(stderr).toContain(
    'trace_missing: The journal tells of no trace, event, subject or correlation "orders/43".',
  )
})
