import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { type Assignment, partitionName } from '../log/index.ts'
import type { ContractCases } from './contract.ts'
import {
  createOrders,
  eventually,
  outgoing,
  publish,
  quiet,
  request,
  type TransportContext,
} from './transport-context.ts'
import { hasSeen, haveOwned, join } from './transport-member.ts'

const placesOf = (assignments: readonly Assignment[]): readonly (readonly [string, number])[] =>
  assignments.map((each) => [partitionName(each.topic, each.partition), each.generation])

/** Of an engine with `handover: 'drained'`. */
export const drainedCases: ContractCases<TransportContext> = {
  'gives a partition to its next owner when the last one has let go, not before': async (context) => {
    await createOrders(context)
    const one = await join(context, 'one', { releases: false })
    await haveOwned(context, [one], [2])
    const two = await join(context, 'two')
    const isWanted = (): boolean => one.subscription.assigned.some(({ leaving }) => leaving.aborted)
    await eventually(context, 'a partition is wanted', isWanted)
    await context.clock.advance(request.sessionTimeoutMs + 2_000)
    deepStrictEqual([one.owned.length, two.owned], [2, []])
    const wanted = one.subscription.assigned.filter(({ leaving }) => leaving.aborted)
    for (const assignment of wanted) await one.subscription.release(assignment)
    await haveOwned(context, [one, two], [1, 1])
  },

  'reads nothing more of a partition that another member shall have': async (context) => {
    await createOrders(context)
    const one = await join(context, 'one', { releases: false })
    await haveOwned(context, [one], [2])
    await join(context, 'two')
    const isWanted = (): boolean => one.subscription.assigned.some(({ leaving }) => leaving.aborted)
    await eventually(context, 'a partition is wanted', isWanted)
    const wanted = one.subscription.assigned.find(({ leaving }) => leaving.aborted)
    await publish(context, ['theirs'], wanted?.partition)
    await quiet(context)
    deepStrictEqual(one.seen, [])
  },

  'delivers each record to one member while members join and leave': async (context) => {
    await createOrders(context)
    const one = await join(context, 'one')
    await publish(context, ['a'])
    await publish(context, ['b'], 1)
    await hasSeen(context, one, 2)
    const two = await join(context, 'two')
    await haveOwned(context, [one, two], [1, 1])
    await publish(context, ['c'])
    await publish(context, ['d'], 1)
    const seen = (): string[] => [...one.seen, ...two.seen].toSorted()
    await eventually(context, 'every record was seen', () => seen().length >= 4)
    await quiet(context)
    deepStrictEqual(seen(), ['a', 'b', 'c', 'd'])
  },
}

/** Of an engine with `handover: 'shared'`. */
export const sharedCases: ContractCases<TransportContext> = {
  'gives every member all partitions, and every event to one of them': async (context) => {
    await createOrders(context)
    const members = [await join(context, 'one'), await join(context, 'two')]
    await haveOwned(context, members, [2, 2])
    const ids = Array.from({ length: 40 }, (_, number) => String(number))
    const records = ids.map((id, index) => outgoing(id, { partition: index % 2 }))
    await context.transport.publish(records, { tx: undefined })
    const seen = (): Set<string> => new Set(members.flatMap((member) => member.seen))
    await eventually(context, 'every event was seen', () => seen().size >= ids.length)
    deepStrictEqual([...seen()].toSorted(), ids.toSorted())
  },

  'goes on with the other members when one closes': async (context) => {
    await createOrders(context)
    const one = await join(context, 'one', { commits: false })
    await publish(context, ['a', 'b', 'c'])
    await hasSeen(context, one, 3)
    const two = await join(context, 'two')
    await one.subscription.close()
    await hasSeen(context, two, 3)
    deepStrictEqual(two.seen.toSorted(), ['a', 'b', 'c'])
  },
}

/** Of an engine with `fencing`. */
export const fencingCases: ContractCases<TransportContext> = {
  'refuses the commit of a member whose place was taken while it was paused': async (context) => {
    await createOrders(context, 1)
    await publish(context, ['a', 'b'])
    const paused = await join(context, 'pod-0', { commits: false })
    await hasSeen(context, paused, 2)
    const lost = paused.assignment(0)
    const restarted = await join(context, 'pod-0')
    await hasSeen(context, restarted, 2)
    ok(restarted.assignment(0).generation > lost.generation)
    const refused = await paused.subscription.commit([{ assignment: lost, offset: 1, state: 'old' }])
    equal(refused[0], lost)
    equal(lost.revoked.aborted, true)
    await quiet(context)
    // It lives, and would be given the partition, too.
    await paused.subscription.close()
    await restarted.subscription.close()
    const next = await join(context, 'next')
    await eventually(context, 'the assignment is announced', () => next.announced.length === 1)
    const committed = next.announced[0]?.committed
    deepStrictEqual([committed?.offset, committed?.state], [2, ''])
  },

  'refuses a commit after the partition was let go, and saves the others of the call': async (context) => {
    await createOrders(context)
    const one = await join(context, 'one', { commits: false, releases: false })
    await haveOwned(context, [one], [2])
    await publish(context, ['a'])
    await publish(context, ['b'], 1)
    await hasSeen(context, one, 2)
    const two = await join(context, 'two', { commits: false })
    const isWanted = (): boolean => one.subscription.assigned.some(({ leaving }) => leaving.aborted)
    await eventually(context, 'a partition is wanted', isWanted)
    const all = one.subscription.assigned
    const gone = all.find(({ leaving }) => leaving.aborted)
    ok(gone)
    await one.subscription.release(gone)
    await haveOwned(context, [one, two], [1, 1])
    const commits = all.map((assignment) => ({ assignment, offset: 1, state: '' }))
    deepStrictEqual(placesOf(await one.subscription.commit(commits)), placesOf([gone]))
    const lags = await context.admin.lag('billing')
    const committed = lags.map((each) => [each.partition, each.committed])
    deepStrictEqual(
      Object.fromEntries(committed),
      Object.fromEntries(all.map(({ partition }) => [partition, partition === gone.partition ? 0 : 1])),
    )
  },
}
