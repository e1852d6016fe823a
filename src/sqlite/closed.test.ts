import { expect, test } from 'vitest'
import type { InboxClaim } from '../inbox/index.ts'
import { sqlite, sqliteInbox } from './index.ts'
import { folder } from './sqlite.fixture.ts'

const closed = /^engine_closed: .*log\.db was closed before this call/

const claim: InboxClaim = {
  fence: { group: 'billing', topic: 'orders', partition: 0, generation: 1 },
  runNumber: 0,
  keys: [{ source: '/orders', id: '1' }],
  check: () => undefined,
  committed: () => undefined,
}

test('Every call to an engine that is closed says so', async () => {
  using files = folder()
  const engine = await sqlite(files.file())
  const retention = { ageMs: undefined, bytes: undefined }
  await engine.admin.createTopic({ name: 'orders', partitions: 1, retention })
  const event = { specversion: '1.0', id: '1', source: '/orders', type: 'placed', data: {} } as const
  const publish = (): Promise<void> =>
    engine.publish([{ topic: 'orders', partition: 0, event, notBefore: undefined }], { tx: undefined })
  await publish()
  const inbox = engine.inbox()
  const { admin, deadLetters } = engine
  await engine.close()
  await engine.close()
  const calls = [
    () => publish(),
    () => admin.topics(),
    () => admin.createTopic({ name: 'carts', partitions: 1, retention }),
    () => admin.groups(),
    () => admin.lag(),
    () => admin.seek('billing', 'orders', 'start'),
    () => admin.forget('billing'),
    () => admin.read('orders', 0, 0, { maxRecords: 1, maxBytes: 1 }),
    () => admin.offsetOf('orders', 0, 'end'),
    () => admin.truncate('orders', 0, 1),
    () => deadLetters.get('billing/orders/0/1'),
    () => deadLetters.list(),
    () => deadLetters.count(),
    () => deadLetters.open('billing', 'orders', 0, ['dead']),
    () => deadLetters.request(['billing/orders/0/1']),
    () => deadLetters.discard('billing/orders/0/1', 'A test order.'),
    () => deadLetters.put(claim.fence, []),
    () => deadLetters.resolve(claim.fence, 'billing/orders/0/1'),
    () => inbox.handled('billing', 0, claim.keys),
    () => inbox.record(claim),
    () => inbox.transaction(claim)(() => 1),
    () => inbox.prune('billing', 1),
    () => engine.transaction(() => 1),
  ]
  for (const call of calls) await expect(call(), call.toString()).rejects.toThrow(closed)
})

test('Every call to an inbox that is closed says so', async () => {
  using files = folder()
  const inbox = sqliteInbox(files.file())
  await inbox.close()
  for (const call of [
    inbox.handled('billing', 0, claim.keys),
    inbox.record(claim),
    inbox.prune('billing', 1),
  ])
    await expect(call).rejects.toThrow(closed)
})

test("An error of a caller's own in an open engine stays as it is", async () => {
  using files = folder()
  const engine = await sqlite(files.file())
  const own = engine.database.prepare('SELECT 1')
  const failure = Object.assign(new Error('database is not open'), { code: 'ERR_INVALID_STATE' })
  const failed = engine.transaction(() => {
    own.get()
    throw failure
  })
  await expect(failed).rejects.toBe(failure)
  await engine.close()
})
