import { expect, test } from 'vitest'
import { type DeadLetter, deadLetterId } from '../dead-letter/index.ts'
import { memory } from '../memory/index.ts'
import { VirtualClock } from '../testing/index.ts'
import type { Engine } from './engine.ts'
import { inNamespace } from './namespace.ts'

async function openStaging(): Promise<{ readonly engine: Engine; readonly staging: Engine }> {
  const engine = memory({ clock: new VirtualClock() })
  const staging = inNamespace(engine, 'staging')
  const retention = { ageMs: undefined, bytes: undefined }
  await staging.admin.createTopic({ name: 'orders', partitions: 2, retention })
  return { engine, staging }
}

/** A member that has joined and left again: its generation still is the newest. */
async function joinOnce(engine: Engine): Promise<number> {
  const subscription = await engine.subscribe({
    group: 'billing',
    member: 'one',
    topics: ['orders'],
    start: 'start',
    sessionTimeoutMs: 10_000,
    rewind: 'refused',
    heartbeatEveryMs: 3_000,
    blockedMs: 60_000,
    fetch: { maxRecords: 1, maxBytes: 1 },
  })
  const generation = subscription.assigned.find(({ partition }) => partition === 0)?.generation ?? 0
  await subscription.close()
  return generation
}

const place = { group: 'billing', topic: 'orders', partition: 0 }
const id = deadLetterId('billing', { ...place, offset: 7 })
const letter: DeadLetter = {
  ...place,
  id,
  offset: 7,
  appendedAt: 1,
  state: 'set-aside',
  reason: 'handler_failed',
  message: 'No card.',
  stack: 'Error: No card.',
  attempts: 1,
  event: undefined,
  key: 'orders/1',
  encoded: '{}',
  failedAt: 2,
  nextAttemptAt: 3,
}

test('A namespace moves its own groups, and names only those', async () => {
  const { staging } = await openStaging()
  await expect(staging.admin.seek('billing', 'orders', 'start')).rejects.toThrow(
    /^group_missing: .* No group has been here yet/,
  )
  await joinOnce(staging)
  await staging.admin.seek('billing', 'orders', 'end', { partition: 1 })
  await expect(staging.admin.seek('biling', 'orders', 'start')).rejects.toThrow(
    /^group_missing: .*"biling"\. Known groups: billing\.$/,
  )
})

test('A namespace forgets its own groups', async () => {
  const { engine, staging } = await openStaging()
  await joinOnce(staging)
  await expect(staging.admin.forget('biling')).rejects.toThrow(/Known groups: billing\.$/)
  await staging.admin.forget('billing')
  expect(await engine.admin.groups()).toEqual([])
})

test('A namespace pauses its own groups and topics, and shows them by its own names', async () => {
  const { engine, staging } = await openStaging()
  await joinOnce(staging)
  await expect(staging.admin.pause('biling')).rejects.toThrow(/Known groups: billing\.$/)
  await staging.admin.pause('billing', { topic: 'orders', partition: 1 })
  expect((await engine.admin.groups())[0]?.paused).toEqual([{ topic: 'staging.orders', partition: 1 }])
  expect((await staging.admin.groups())[0]?.paused).toEqual([{ topic: 'orders', partition: 1 }])
  await staging.admin.resume('billing')
  expect((await staging.admin.groups())[0]?.paused).toEqual([])
})

test('A namespace has its own dead letters, written by the owners of its partitions', async () => {
  const { engine, staging } = await openStaging()
  const owner = { ...place, generation: await joinOnce(staging) }
  await staging.deadLetters.put(owner, [letter])
  expect(await engine.deadLetters.get(`staging.billing/staging.orders/0/7`)).toMatchObject({
    group: 'staging.billing',
    topic: 'staging.orders',
  })
  expect(await staging.deadLetters.get(id)).toEqual(letter)
  expect((await staging.deadLetters.list()).entries).toEqual([letter])
  expect(await staging.deadLetters.open('billing', 'orders', 0, ['set-aside'])).toMatchObject([{ id }])
  await staging.deadLetters.resolve(owner, id)
  expect(await staging.deadLetters.count()).toBe(0)
  await staging.deadLetters.put(owner, [{ ...letter, state: 'dead' }])
  expect(await staging.deadLetters.request([id])).toEqual([id])
  expect(await staging.deadLetters.discard(id, 'A test order.')).toBe(true)
  const late = { ...owner, generation: owner.generation - 1 }
  await expect(staging.deadLetters.put(late, [letter])).rejects.toThrow(/^fenced/)
})
