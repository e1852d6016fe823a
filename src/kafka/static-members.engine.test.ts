import { expect, test } from 'vitest'
import { isTidingsError } from '../kernel/index.ts'
import { describeOnBroker } from './broker.fixture.ts'
import { ground, ids, join, publish, until } from './group.fixture.ts'

describeOnBroker('A static member', () => {
  for (const groupProtocol of ['classic', 'consumer'] as const) {
    test(`that comes back within its session has its partitions again, and the others keep theirs (${groupProtocol})`, async () => {
      await using on = await ground({ groupProtocol, staticMembers: true })
      const one = await join(on, 'pod-0')
      const two = await join(on, 'pod-1')
      await until('it is divided', () => one.owned.length === 2 && two.owned.length === 2)
      const had = one.owned.toSorted()
      const kept = two.subscription.assigned
      await one.subscription.close()
      const back = await join(on, 'pod-0')
      await until('it has them again', () => back.owned.length === 2)
      expect(back.owned.toSorted()).toEqual(had)
      expect(two.subscription.assigned).toEqual(kept)
      await publish(on, ids(0, 8))
      await until('all is read', () => back.seen.length === 4 && two.seen.length === 4)
    })
  }

  test('whose name another process takes is out: its commits are refused, and its generation is older', async () => {
    await using on = await ground({ staticMembers: true, partitions: 1 })
    await publish(on, ids(0, 3), 1)
    const former = await join(on, 'pod-0')
    await until('it is read', () => former.seen.length === 3)
    const [lost] = former.subscription.assigned
    if (lost === undefined) throw new Error('It had the partition.')
    const twin = await join(on, 'pod-0')
    await until('the twin has it', () => twin.owned.length === 1)
    expect(twin.subscription.assigned[0]?.generation).toBeGreaterThan(lost.generation)
    expect(await former.subscription.commit([{ assignment: lost, offset: 1, state: '' }])).toEqual([lost])
    await until('the former is out', () => isTidingsError(former.ended, 'fenced'))
    const [lag] = await on.engine.admin.lag(on.group)
    expect(lag?.committed).toBe(3)
  })
})
