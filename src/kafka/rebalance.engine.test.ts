import { expect, onTestFinished, test, vi } from 'vitest'
import { describeOnBroker } from './broker.fixture.ts'
import { ground, ids, join, type Member, publish, until } from './group.fixture.ts'
import { requests } from './requests.ts'

/** The offsets that members have asked for since. */
function watchFetches(): () => readonly number[] {
  const fetches = vi.spyOn(requests.fetch, 'async')
  onTestFinished(() => fetches.mockRestore())
  return () =>
    fetches.mock.calls.flatMap(([, , , maxBytes, , , , topics]) =>
      // The topics of our own are read as well, from their beginning, by requests of another size.
      maxBytes === 1_000_000
        ? topics.flatMap(({ partitions }) => partitions.map((each) => Number(each.fetchOffset)))
        : [],
    )
}

function seenBy(members: readonly Member[]): string[] {
  return members.flatMap(({ seen }) => seen).toSorted((a, b) => Number(a) - Number(b))
}

describeOnBroker('After a rebalance', () => {
  for (const groupProtocol of ['classic', 'consumer'] as const) {
    test(`nothing is fetched from offset 0 (${groupProtocol})`, async () => {
      await using on = await ground({ groupProtocol })
      await publish(on, ids(0, 80))
      const one = await join(on, 'one')
      await until('all is read', () => one.seen.length === 80)
      await until('all is committed', async () =>
        (await on.engine.admin.lag(on.group)).every(({ lag }) => lag === 0),
      )
      const offsets = watchFetches()
      const two = await join(on, 'two')
      await until('it is divided', () => one.owned.length === 2 && two.owned.length === 2)
      const three = await join(on, 'three')
      await until('it is divided', () => [one, two, three].every(({ owned }) => owned.length > 0))
      await publish(on, ids(80, 120))
      await one.subscription.close()
      await until('it is divided', () => two.owned.length + three.owned.length === 4)
      await until('the rest is read', () => new Set(seenBy([one, two, three])).size === 120)
      expect(offsets().length).toBeGreaterThan(0)
      expect(Math.min(...offsets())).toBeGreaterThanOrEqual(20)
      expect(two.seen.every((id) => Number(id) >= 80)).toBe(true)
    })

    test(`a new group at the end gets what is published once it has joined (${groupProtocol})`, async () => {
      await using on = await ground({ groupProtocol })
      for (let round = 0; round < 5; round++) {
        const member = await join({ ...on, group: `${on.group}-${round}` }, 'one', { start: 'end' })
        await publish(on, ids(round * 4, round * 4 + 4))
        await until('all is read', () => member.seen.length === 4)
        expect(seenBy([member])).toEqual(ids(round * 4, round * 4 + 4))
        await member.subscription.close()
      }
    })

    test(`a group that has committed goes on there, though it starts at the end (${groupProtocol})`, async () => {
      await using on = await ground({ groupProtocol })
      const first = await join(on, 'first', { start: 'end' })
      await until('all is owned', () => first.owned.length === 4)
      await publish(on, ids(0, 40))
      await until('all is read', () => first.seen.length === 40)
      await until('all is committed', async () =>
        (await on.engine.admin.lag(on.group)).every(({ lag }) => lag === 0),
      )
      await first.subscription.close()
      await publish(on, ids(40, 120))
      // Epochs change while each of them asks where the group stands.
      const names = ['one', 'two', 'three', 'four']
      const members = await Promise.all(names.map((name) => join(on, name, { start: 'end' })))
      await members[0]?.subscription.close()
      members.push(await join(on, 'five', { start: 'end' }))
      await until('the rest is read', () => new Set(seenBy(members)).size === 80)
      expect([...new Set(seenBy(members))]).toEqual(ids(40, 120))
    })
  }
})
