import { deepStrictEqual, rejects } from 'node:assert/strict'
import { type ErrorCode, isTidingsError } from '../kernel/index.ts'
import type { GroupPart } from '../log/index.ts'
import type { ContractCases } from './contract.ts'
import { createOrders, publish, quiet, type TransportContext, topic } from './transport-context.ts'
import { type ContractMember, hasSeen, haveOwned, join } from './transport-member.ts'

const refused = (code: ErrorCode) => (error: unknown) => isTidingsError(error, code)

/** A member of a group with two partitions, which has read one event of each. */
async function runningMember(context: TransportContext): Promise<ContractMember> {
  await createOrders(context)
  const member = await join(context, 'one')
  await haveOwned(context, [member], [2])
  await publish(context, ['a0'])
  await publish(context, ['a1'], 1)
  await hasSeen(context, member, 2)
  return member
}

async function pausedOf({ admin }: TransportContext): Promise<readonly GroupPart[]> {
  return (await admin.groups()).find(({ group }) => group === 'billing')?.paused ?? []
}

/** What every TransportAdmin promises of pausing groups. */
export const pauseCases: ContractCases<TransportContext> = {
  'delivers nothing of a paused group until it is resumed, and then goes on where it was': async (
    context,
  ) => {
    const member = await runningMember(context)
    await context.admin.pause('billing')
    await haveOwned(context, [member], [0])
    await publish(context, ['b0'])
    await quiet(context)
    deepStrictEqual(member.seen.toSorted(), ['a0', 'a1'])
    deepStrictEqual(await pausedOf(context), [{}])
    await context.admin.resume('billing')
    await haveOwned(context, [member], [2])
    await hasSeen(context, member, 3)
    deepStrictEqual(member.seen.slice(2), ['b0'])
    deepStrictEqual(await pausedOf(context), [])
  },

  'waits for the member to let go of what it holds of a paused group': async (context) => {
    await createOrders(context, 1)
    const member = await join(context, 'one', { releases: false, commits: false })
    await haveOwned(context, [member], [1])
    await publish(context, ['a'])
    await hasSeen(context, member, 1)
    const held = member.assignment(0)
    await context.admin.pause('billing')
    await quiet(context)
    deepStrictEqual([held.leaving.aborted, held.revoked.aborted], [true, false])
    deepStrictEqual(await member.commit(0, (member.records[0]?.offset ?? 0) + 1), [])
    await member.subscription.release(held)
    await haveOwned(context, [member], [0])
    deepStrictEqual((await context.admin.lag('billing'))[0]?.lag, 0)
  },

  'pauses a topic, keeps it so for those who join, and changes nothing when it is asked twice': async (
    context,
  ) => {
    const member = await runningMember(context)
    for (const _ of [1, 2]) await context.admin.pause('billing', { topic })
    await haveOwned(context, [member], [0])
    deepStrictEqual(await pausedOf(context), [{ topic }])
    await member.subscription.close()
    const next = await join(context, 'two')
    await publish(context, ['b0'])
    await quiet(context)
    deepStrictEqual([next.owned, next.seen], [[], []])
    for (const _ of [1, 2]) await context.admin.resume('billing', { topic })
    await hasSeen(context, next, 1)
    deepStrictEqual(await pausedOf(context), [])
  },

  'pauses no other group': async (context) => {
    await runningMember(context)
    const audit = await join(context, 'one', { group: 'audit' })
    await hasSeen(context, audit, 2)
    await context.admin.pause('billing')
    await publish(context, ['b0'])
    await hasSeen(context, audit, 3)
  },

  'keeps a moved group paused, and forgets that with the group': async (context) => {
    const member = await runningMember(context)
    await member.subscription.close()
    await context.admin.pause('billing')
    await context.admin.seek('billing', topic, 'end')
    deepStrictEqual(await pausedOf(context), [{}])
    await context.admin.forget('billing')
    const anew = await join(context, 'two', { start: 'end' })
    await haveOwned(context, [anew], [2])
    deepStrictEqual(await pausedOf(context), [])
  },

  'pauses and resumes nothing that is not there': async (context) => {
    await runningMember(context)
    const { admin } = context
    for (const verb of ['pause', 'resume'] as const) {
      const changed = (group: string, part: GroupPart): Promise<void> => admin[verb](group, part)
      await rejects(changed('nobody', {}), refused('group_missing'))
      await rejects(changed('billing', { topic: 'carts' }), refused('topic_missing'))
      await rejects(changed('billing', { topic, partition: 2 }), refused('partition_missing'))
      await rejects(changed('billing', { partition: 0 }), refused('option_invalid'))
    }
    deepStrictEqual(await pausedOf(context), [])
  },
}

/** Of an engine whose partitions have owners. */
export const partitionPauseCases: ContractCases<TransportContext> = {
  'pauses one partition, and goes on with the others': async (context) => {
    const member = await runningMember(context)
    await context.admin.pause('billing', { topic, partition: 0 })
    await haveOwned(context, [member], [1])
    await publish(context, ['b0'])
    await publish(context, ['b1'], 1)
    await hasSeen(context, member, 3)
    await quiet(context)
    deepStrictEqual(member.seen.slice(2), ['b1'])
    deepStrictEqual(await pausedOf(context), [{ topic, partition: 0 }])
  },

  'pauses a topic, and resumes one partition of it': async (context) => {
    const member = await runningMember(context)
    await context.admin.pause('billing', { topic })
    await haveOwned(context, [member], [0])
    await context.admin.resume('billing', { topic, partition: 1 })
    await haveOwned(context, [member], [1])
    deepStrictEqual(await pausedOf(context), [{ topic, partition: 0 }])
  },

  'keeps a group paused while nobody is in it, and for those who join': async (context) => {
    const member = await runningMember(context)
    await member.subscription.close()
    await context.admin.pause('billing', { topic, partition: 1 })
    await publish(context, ['b1'], 1)
    const next = await join(context, 'two')
    await haveOwned(context, [next], [1])
    await quiet(context)
    deepStrictEqual([next.owned, next.seen], [[`${topic}/0`], []])
    await context.admin.resume('billing', { topic, partition: 1 })
    await hasSeen(context, next, 1)
  },

  'changes nothing when it is asked twice': async (context) => {
    const member = await runningMember(context)
    for (const _ of [1, 2]) await context.admin.pause('billing', { topic, partition: 0 })
    deepStrictEqual(await pausedOf(context), [{ topic, partition: 0 }])
    for (const _ of [1, 2]) await context.admin.resume('billing', { topic, partition: 0 })
    deepStrictEqual(await pausedOf(context), [])
    await haveOwned(context, [member], [2])
  },
}
