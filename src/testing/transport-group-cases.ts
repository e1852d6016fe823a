import { deepStrictEqual, equal, ok, rejects } from 'node:assert/strict'
import { isTidingsError, limits } from '../kernel/index.ts'
import type { ContractCases } from './contract.ts'
import {
  createOrders,
  eventually,
  outgoing,
  publish,
  quiet,
  type TransportContext,
} from './transport-context.ts'
import { hasSeen, haveOwned, join } from './transport-member.ts'

const invalidName = (error: unknown): boolean => isTidingsError(error, 'name_invalid')

/** What every Transport promises of groups and their members. */
export const groupCases: ContractCases<TransportContext> = {
  'gives every group every record': async (context) => {
    await createOrders(context)
    const billing = await join(context, 'one')
    const audit = await join(context, 'one', { group: 'audit' })
    await Promise.all([haveOwned(context, [billing], [2]), haveOwned(context, [audit], [2])])
    await publish(context, ['a', 'b'])
    await publish(context, ['c'], 1)
    for (const member of [billing, audit]) {
      await hasSeen(context, member, 3)
      deepStrictEqual(member.seen.toSorted(), ['a', 'b', 'c'])
    }
    const names = new Set((await context.admin.groups()).map(({ group }) => group))
    for (const group of ['audit', 'billing']) ok(names.has(group))
  },

  'starts a new group at the end: it gets what is published from then on': async (context) => {
    await createOrders(context)
    await publish(context, ['before'])
    const member = await join(context, 'one', { group: 'latecomers', start: 'end' })
    await haveOwned(context, [member], [2])
    await quiet(context)
    await publish(context, ['after'])
    await hasSeen(context, member, 1)
    await quiet(context)
    deepStrictEqual(member.seen, ['after'])
  },

  'delivers again what was in flight when a member closed': async (context) => {
    await createOrders(context, 1)
    await publish(context, ['a', 'b'])
    const one = await join(context, 'one', { commits: false })
    await hasSeen(context, one, 2)
    await one.subscription.close()
    const two = await join(context, 'two')
    await hasSeen(context, two, 2)
    deepStrictEqual(two.seen, ['a', 'b'])
  },

  'loses nothing when members close while events are published': async (context) => {
    await createOrders(context)
    const leaving = [await join(context, 'one'), await join(context, 'two')]
    const staying = await join(context, 'three')
    const ids = Array.from({ length: 60 }, (_, number) => String(number))
    const publishing = ids.map((id, index) =>
      context.transport.publish([outgoing(id, { partition: index % 2 })], { tx: undefined }),
    )
    await Promise.all([...publishing, ...leaving.map(({ subscription }) => subscription.close())])
    const seen = (): Set<string> => new Set([...leaving, staying].flatMap((member) => member.seen))
    await eventually(context, 'every event was seen', () => seen().size === ids.length)
  },

  'gives no batch more records than was asked': async (context) => {
    await createOrders(context, 1)
    await publish(context, ['a', 'b', 'c', 'd', 'e'])
    const member = await join(context, 'one', { fetch: { maxRecords: 2, maxBytes: 1_000_000 } })
    await hasSeen(context, member, 5)
    ok(member.batches.every(({ records }) => records.length <= 2))
  },

  'gives a record alone that is larger than a batch': async (context) => {
    await createOrders(context, 1)
    await publish(context, ['a', 'b'])
    const member = await join(context, 'one', { fetch: { maxRecords: 10, maxBytes: 1 } })
    await hasSeen(context, member, 2)
    ok(member.batches.every(({ records }) => records.length <= 1))
  },

  'reads no more of a paused partition until it is resumed': async (context) => {
    await createOrders(context)
    const member = await join(context, 'one')
    await haveOwned(context, [member], [2])
    const paused = member.assignment(0)
    member.subscription.pause(paused)
    await quiet(context)
    await publish(context, ['held'])
    await publish(context, ['free'], 1)
    await hasSeen(context, member, 1)
    await quiet(context)
    deepStrictEqual(member.seen, ['free'])
    member.subscription.resume(paused)
    await hasSeen(context, member, 2)
    deepStrictEqual(member.seen, ['free', 'held'])
  },

  'ends the iteration when the member closes, as often as that is': async (context) => {
    await createOrders(context)
    const member = await join(context, 'one')
    await haveOwned(context, [member], [2])
    const assignment = member.assignment(0)
    await Promise.all([member.subscription.close(), member.subscription.close()])
    await eventually(context, 'the iteration has ended', () => member.ended !== undefined)
    deepStrictEqual([member.ended, member.owned, assignment.revoked.aborted], ['closed', [], true])
  },

  'closes its members when it is closed itself': async (context) => {
    await createOrders(context)
    const member = await join(context, 'one')
    await context.transport.close()
    await eventually(context, 'the iteration has ended', () => member.ended !== undefined)
    equal(member.ended, 'closed')
  },

  "refuses a member's id that is longer than a name": async (context) => {
    await createOrders(context)
    await rejects(join(context, 'x'.repeat(limits.nameLength + 1)), invalidName)
    await rejects(join(context, ''), invalidName)
  },
}

/** Of an engine whose partitions have owners. */
export const ownedCases: ContractCases<TransportContext> = {
  'splits the partitions among the members, and again when one joins or leaves': async (context) => {
    await createOrders(context, 4)
    const one = await join(context, 'one')
    await haveOwned(context, [one], [4])
    const two = await join(context, 'two')
    await haveOwned(context, [one, two], [2, 2])
    deepStrictEqual(
      [...one.owned, ...two.owned].toSorted(),
      [0, 1, 2, 3].map((each) => `orders/${each}`),
    )
    await one.subscription.close()
    await haveOwned(context, [two], [4])
    for (const partition of [0, 1, 2, 3]) await publish(context, [`p${partition}`], partition)
    await eventually(context, 'every record was seen', () => new Set(two.seen).size === 4)
    deepStrictEqual(one.seen, [])
  },
}

/** Of an engine that keeps where a group stands, and does not only acknowledge. */
export const committedCases: ContractCases<TransportContext> = {
  'announces each assignment, with where the group stands': async (context) => {
    await createOrders(context, 1)
    await publish(context, ['a'])
    const member = await join(context, 'one')
    await eventually(context, 'the assignment is announced', () => member.announced.length === 1)
    const [assignment] = member.announced
    deepStrictEqual([assignment?.committed.state, assignment?.end], ['', 1])
    deepStrictEqual([assignment?.leaving.aborted, assignment?.revoked.aborted], [false, false])
  },

  'gives the next owner the committed offset and state': async (context) => {
    await createOrders(context, 1)
    await publish(context, ['a', 'b', 'c'])
    const one = await join(context, 'one', { commits: false })
    await hasSeen(context, one, 3)
    const next = (one.records[1]?.offset ?? 0) + 1
    const state = 's'.repeat(limits.commitStateBytes)
    deepStrictEqual(await one.commit(0, next, state), [])
    await one.subscription.close()
    const two = await join(context, 'two')
    await hasSeen(context, two, 1)
    const committed = two.announced[0]?.committed
    deepStrictEqual([committed?.offset, committed?.state], [next, state])
    deepStrictEqual(two.seen, ['c'])
  },
}

/** Of an engine with `lag: 'exact'`. */
export const lagCases: ContractCases<TransportContext> = {
  'knows the lag of a group exactly, in events and in time': async (context) => {
    await createOrders(context, 1)
    const member = await join(context, 'one', { commits: false })
    await haveOwned(context, [member], [1])
    const lag = async (): Promise<readonly number[]> => {
      const [first] = await context.admin.lag('billing')
      return [first?.committed ?? -1, first?.end ?? -1, first?.lag ?? -1]
    }
    deepStrictEqual(await lag(), [0, 0, 0])
    await publish(context, ['a', 'b', 'c'])
    await hasSeen(context, member, 3)
    await context.clock.advance(1_000)
    deepStrictEqual(await lag(), [0, 3, 3])
    ok(((await context.admin.lag())[0]?.lagMs ?? 0) >= 1_000)
    await member.commit(0, 2)
    deepStrictEqual(await lag(), [2, 3, 1])
    await member.commit(0, 3)
    deepStrictEqual([await lag(), (await context.admin.lag())[0]?.lagMs], [[3, 3, 0], 0])
  },

  'knows no lag of a group that never was': async (context) => {
    await createOrders(context)
    await rejects(context.admin.lag('audit'), (error) => isTidingsError(error, 'group_missing'))
    deepStrictEqual(await context.admin.lag(), [])
  },
}
