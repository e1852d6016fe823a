import { deepStrictEqual, equal, ok, rejects } from 'node:assert/strict'
import { isTidingsError } from '../kernel/index.ts'
import type { Start } from '../log/index.ts'
import type { ContractCases } from './contract.ts'
import {
  createOrders,
  hasCommitted,
  idOf,
  publish,
  quiet,
  storedIds,
  type TransportContext,
  topic,
} from './transport-context.ts'
import { hasSeen, haveOwned, join } from './transport-member.ts'

const apartMs = 200

/** Publishes three events, one after the other; returns when each was. */
async function publishApart(context: TransportContext): Promise<readonly number[]> {
  await createOrders(context, 1)
  const times: number[] = []
  for (const id of ['a', 'b', 'c']) {
    await context.clock.advance(apartMs)
    times.push(context.clock.now())
    await publish(context, [id])
  }
  return times
}

/** What a new group that starts there gets of `a`, `b`, `c`, and of `d`, which comes later. */
async function seenFrom(context: TransportContext, start: Start): Promise<string[]> {
  const member = await join(context, 'one', { start })
  await haveOwned(context, [member], [1])
  await quiet(context)
  await publish(context, ['d'])
  await hasSeen(context, member, 1)
  await quiet(context)
  return member.seen
}

/** Of an engine with all of `replay`: its log can be read again. */
export const placeCases: ContractCases<TransportContext> = {
  'reads from an offset on, no more than asked, and nothing past the end': async (context) => {
    await createOrders(context)
    await publish(context, ['a', 'b', 'c', 'd'])
    const read = async (from: number, maxRecords: number, maxBytes = 1_000_000): Promise<string[]> =>
      (await context.admin.read(topic, 0, from, { maxRecords, maxBytes })).map(idOf)
    const from = await context.admin.offsetOf(topic, 0, 'start')
    deepStrictEqual(await read(from, 2), ['a', 'b'])
    deepStrictEqual(await read(from, 9, 1), ['a'])
    const [, second] = await context.admin.read(topic, 0, from, { maxRecords: 2, maxBytes: 1_000_000 })
    ok(second)
    deepStrictEqual(await read(second.offset, 9), ['b', 'c', 'd'])
    const end = await context.admin.offsetOf(topic, 0, 'end')
    deepStrictEqual([await read(end, 9), await read(end + 1_000, 9)], [[], []])
  },

  'stamps records with its clock, and never with less than the record before': async (context) => {
    const times = await publishApart(context)
    const records = await context.admin.read(topic, 0, 0, { maxRecords: 9, maxBytes: 1_000_000 })
    const stamps = records.map(({ appendedAt }) => appendedAt)
    deepStrictEqual(
      stamps,
      stamps.toSorted((a, b) => a - b),
    )
    ok(stamps.every((stamp, index) => stamp >= (times[index] ?? Number.NaN)))
  },

  'knows the offset of a time; before the beginning and past the end it is that end': async (context) => {
    const [, second = Number.NaN, third = Number.NaN] = await publishApart(context)
    const idsFrom = async (ms: number): Promise<string[]> =>
      storedIds(context, 0, await context.admin.offsetOf(topic, 0, { time: new Date(ms) }))
    deepStrictEqual(await idsFrom(0), ['a', 'b', 'c'])
    deepStrictEqual(await idsFrom(second), ['b', 'c'])
    deepStrictEqual(await idsFrom(third - apartMs / 2), ['c'])
    deepStrictEqual(await idsFrom(third + 100 * apartMs), [])
  },

  'knows the offset of an offset; before the beginning and past the end it is that end': async (context) => {
    await createOrders(context, 1)
    await publish(context, ['a', 'b', 'c'])
    const { admin } = context
    await admin.truncate(topic, 0, 1)
    const offsets = [0, 2, 1_000].map((offset) => admin.offsetOf(topic, 0, { offset }))
    deepStrictEqual(await Promise.all(offsets), [1, 2, 3])
    await rejects(admin.offsetOf(topic, 9, 'start'), (error) => isTidingsError(error, 'partition_missing'))
  },

  'starts a new group at the start': async (context) => {
    await publishApart(context)
    deepStrictEqual(await seenFrom(context, 'start'), ['a', 'b', 'c', 'd'])
  },

  'starts a new group at a time': async (context) => {
    const [, second = Number.NaN] = await publishApart(context)
    deepStrictEqual(await seenFrom(context, { time: new Date(second).toISOString() }), ['b', 'c', 'd'])
  },

  'starts a new group at an offset': async (context) => {
    await publishApart(context)
    deepStrictEqual(await seenFrom(context, { offset: 2 }), ['c', 'd'])
  },

  'moves a group without members to another place': async (context) => {
    await publishApart(context)
    const first = await join(context, 'one')
    await hasSeen(context, first, 3)
    await hasCommitted(context, 'billing')
    await first.subscription.close()
    await context.admin.seek('billing', topic, { offset: 1 })
    const second = await join(context, 'two')
    await hasSeen(context, second, 2)
    deepStrictEqual(second.seen, ['b', 'c'])
  },

  'moves a group back that refuses it only with force, and forward without': async (context) => {
    await publishApart(context)
    const member = await join(context, 'one', { rewind: 'refused' })
    await hasSeen(context, member, 3)
    await hasCommitted(context, 'billing')
    await member.subscription.close()
    const { admin } = context
    equal((await admin.groups())[0]?.rewind, 'refused')
    await rejects(admin.seek('billing', topic, 'start'), (error) => isTidingsError(error, 'rewind_refused'))
    equal((await admin.lag('billing'))[0]?.committed, 3)
    await admin.seek('billing', topic, { offset: 1 }, { force: true })
    await admin.seek('billing', topic, { offset: 2 })
    equal((await admin.lag('billing'))[0]?.committed, 2)
  },

  'gives what was moved again a greater run number each time, and leaves that of the rest': async (
    context,
  ) => {
    await createOrders(context)
    const runNumbers = async (name: string): Promise<readonly number[]> => {
      const member = await join(context, name)
      await haveOwned(context, [member], [2])
      const numbers = [0, 1].map((partition) => member.assignment(partition).runNumber)
      await member.subscription.close()
      return numbers
    }
    deepStrictEqual(await runNumbers('one'), [0, 0])
    await context.admin.seek('billing', topic, 'start')
    deepStrictEqual(await runNumbers('two'), [0, 0])
    await context.admin.seek('billing', topic, 'start', { partition: 1, again: true })
    const [rest, first = 0] = await runNumbers('three')
    deepStrictEqual([rest, first > 0], [0, true])
    await context.admin.seek('billing', topic, 'start', { again: true })
    const both = await runNumbers('four')
    ok(both.every((each) => each > first))
    equal(new Set(both).size, 1)
  },

  'does not move a group that has living members, nor one or a topic that is not there': async (context) => {
    await createOrders(context, 1)
    const member = await join(context, 'one')
    await haveOwned(context, [member], [1])
    const { admin } = context
    await rejects(admin.seek('billing', topic, 'start'), (error) => isTidingsError(error, 'fenced'))
    await rejects(admin.seek('audit', topic, 'start'), (error) => isTidingsError(error, 'group_missing'))
    await member.subscription.close()
    await rejects(admin.seek('billing', 'carts', 'start'), (error) => isTidingsError(error, 'topic_missing'))
  },

  'deletes what lies before an offset; a group that would read it next needs a reset': async (context) => {
    await createOrders(context, 1)
    const member = await join(context, 'one')
    await haveOwned(context, [member], [1])
    await member.subscription.close()
    await publish(context, ['a', 'b', 'c'])
    await context.admin.truncate(topic, 0, 2)
    deepStrictEqual(await storedIds(context, 0, 2), ['c'])
    const [lag] = await context.admin.lag('billing')
    equal(lag?.resetRequired, true)
    await context.admin.seek('billing', topic, 'start')
    const again = await join(context, 'two')
    await hasSeen(context, again, 1)
    deepStrictEqual(again.seen, ['c'])
  },
}
