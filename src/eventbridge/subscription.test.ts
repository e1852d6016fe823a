import { expect, test, vi } from 'vitest'
import { TidingsError } from '../kernel/index.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Aws } from './aws.ts'
import { EventbridgeSubscription, type SubscriptionOptions } from './subscription.ts'

const orders = { name: 'orders', partitions: 1, retention: { ageMs: undefined, bytes: undefined } }

const request = {
  group: 'billing',
  member: 'one',
  topics: ['orders'],
  start: 'end',
  rewind: 'allowed',
  sessionTimeoutMs: 10_000,
  heartbeatEveryMs: 3_000,
  blockedMs: 60_000,
  fetch: { maxRecords: 10, maxBytes: 1_000_000 },
} as const

/** A member whose group has no rule any more. */
async function withoutRule(
  prepare: SubscriptionOptions['prepare'],
): Promise<{ readonly member: EventbridgeSubscription; readonly next: Promise<IteratorResult<unknown>> }> {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const aws = new Aws({
    region: 'eu-central-1',
    bus: 'shop',
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    clock: new VirtualClock(),
  })
  const member = await EventbridgeSubscription.join(
    {
      aws,
      request,
      reading: { prefetch: 10, waitMs: 1_000, visibilityMs: 30_000 },
      prepare,
      group: () => [],
      redriven: async () => undefined,
    },
    [orders],
  )
  const next = member[Symbol.asyncIterator]().next()
  next.catch(() => undefined)
  return { member, next }
}

const url = 'http://127.0.0.1:1/000000000000/billing-orders'

test('A queue that somebody has deleted is made anew by the next look when AWS does not answer the first', async () => {
  const prepare = vi
    .fn<SubscriptionOptions['prepare']>()
    .mockResolvedValueOnce(url)
    .mockRejectedValueOnce(new TidingsError('engine_unreachable', 'AWS is away. Wait.'))
    .mockReturnValue(new Promise(() => undefined))
  const { member, next } = await withoutRule(prepare)
  await vi.waitFor(() => {
    member.look()
    expect(prepare).toHaveBeenCalledTimes(3)
  })
  await member.close()
  expect(await next).toEqual({ done: true, value: undefined })
})

test('A member that may not make its queue anew ends with the reason', async () => {
  const prepare = vi
    .fn<SubscriptionOptions['prepare']>()
    .mockResolvedValueOnce(url)
    .mockRejectedValueOnce(new TidingsError('access_denied', 'Not yours. Ask for the right.'))
  const { member, next } = await withoutRule(prepare)
  await expect(next).rejects.toThrow('access_denied: ')
  await member.close()
})
