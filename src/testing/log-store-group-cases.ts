import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { type Change, emptyGroup, type GroupState, type StoredCommit } from '../log/index.ts'
import type { ContractCases } from './contract.ts'
import type { LogStoreContext } from './log-store-contract.ts'
import { createOrders, topic } from './log-store-records.ts'

const state: GroupState = {
  members: {
    one: { session: 'first', topics: [topic], leaseUntilMs: 10_000, leaseMs: 10_000, rewind: 'allowed' },
  },
  held: { [`${topic}/0`]: { topic, partition: 0, member: 'one', generation: 1, runNumber: 0 } },
  generation: 1,
  paused: [{ topic, partition: 3 }],
  rewind: 'allowed',
  runNumbers: {},
}

function grant(partition: number, generation: number): Omit<StoredCommit, 'offset' | 'state'> {
  return { topic, partition, generation }
}

function commitOf(partition: number, generation: number, offset: number, text = ''): StoredCommit {
  return { topic, partition, generation, offset, state: text }
}

function move(partition: number, offset: number): Omit<StoredCommit, 'generation'> {
  return { topic, partition, offset, state: '' }
}

/** What a LogStore promises of groups and their commits. */
export const groupCases: ContractCases<LogStoreContext> = {
  'knows nothing of a group that was never saved': async ({ store }) => {
    const { state: empty, revision } = await store.loadGroup('billing')
    deepStrictEqual([empty, revision], [emptyGroup, 0])
    deepStrictEqual(await store.commits('billing'), [])
    deepStrictEqual(await store.groups(), [])
  },

  'saves the state of a group, and counts the saves': async ({ store }) => {
    ok(await store.saveGroup('billing', emptyGroup, 0, []))
    ok(await store.saveGroup('billing', state, 1, []))
    const loaded = await store.loadGroup('billing')
    deepStrictEqual([loaded.state, loaded.revision], [state, 2])
    await store.saveGroup('audit', state, 0, [])
    deepStrictEqual(await store.groups(), ['audit', 'billing'])
  },

  'lets one of several saves of the same revision win, and grants nothing to the others': async ({
    store,
  }) => {
    await createOrders(store)
    const saves = [1, 2, 3].map((generation) =>
      store.saveGroup('billing', { ...state, generation }, 0, [grant(0, generation)]),
    )
    deepStrictEqual(await Promise.all(saves), [true, false, false])
    equal((await store.loadGroup('billing')).state.generation, 1)
    deepStrictEqual(await store.commit('billing', [commitOf(0, 3, 1)]).then(([saved]) => saved), false)
    deepStrictEqual(await store.commit('billing', [commitOf(0, 1, 1)]), [true])
  },

  'reads the lease clock, which does not follow the wall clock': async ({ store, clock }) => {
    const before = (await store.loadGroup('billing')).leaseNowMs
    clock.jump(-86_400_000)
    await clock.advance(250)
    equal((await store.loadGroup('billing')).leaseNowMs - before, 250)
  },

  'has no commit of a partition that was granted and never committed': async ({ store }) => {
    await createOrders(store)
    await store.saveGroup('billing', state, 0, [grant(0, 1)])
    deepStrictEqual(await store.commits('billing'), [])
  },

  'gives back a commit with its notes': async ({ store }) => {
    await createOrders(store)
    await store.saveGroup('billing', state, 0, [grant(0, 1), grant(1, 2)])
    const commits = [commitOf(0, 1, 2 ** 31 + 7, '{"ranges":[[9,12]]}'), commitOf(1, 2, 0)]
    deepStrictEqual(await store.commit('billing', commits), [true, true])
    deepStrictEqual(await store.commits('billing'), commits)
    deepStrictEqual(await store.commits('audit'), [])
  },

  'refuses the commit of an older generation, and of one that was never granted': async ({ store }) => {
    await createOrders(store)
    await store.saveGroup('billing', state, 0, [grant(0, 1)])
    await store.commit('billing', [commitOf(0, 1, 5)])
    await store.saveGroup('billing', state, 1, [grant(0, 2)])
    deepStrictEqual(await store.commit('billing', [commitOf(0, 1, 6), commitOf(1, 1, 1)]), [false, false])
    deepStrictEqual(await store.commits('billing'), [commitOf(0, 2, 5)])
  },

  'saves the commits that are allowed beside one that is refused': async ({ store }) => {
    await createOrders(store)
    await store.saveGroup('billing', state, 0, [grant(0, 4), grant(1, 5)])
    deepStrictEqual(await store.commit('billing', [commitOf(0, 3, 1), commitOf(1, 5, 1)]), [false, true])
    deepStrictEqual(await store.commits('billing'), [commitOf(1, 5, 1)])
  },

  'registers no group for a commit that is refused': async ({ store }) => {
    await createOrders(store)
    deepStrictEqual(await store.commit('billing', [commitOf(0, 1, 1)]), [false])
    deepStrictEqual(await store.groups(), [])
  },

  'moves commits, and leaves nobody in the group': async ({ store }) => {
    await createOrders(store)
    await store.saveGroup('billing', { ...state, generation: 4 }, 0, [grant(0, 3), grant(1, 4)])
    await store.commit('billing', [commitOf(0, 3, 9, 'notes'), commitOf(1, 4, 7)])
    ok(await store.moveCommits('billing', [move(0, 2)], 1, { again: false }))
    deepStrictEqual(await store.commits('billing'), [commitOf(0, 5, 2), commitOf(1, 4, 7)])
    const loaded = await store.loadGroup('billing')
    deepStrictEqual([loaded.state, loaded.revision], [{ ...state, members: {}, held: {}, generation: 5 }, 2])
  },

  'raises the run numbers of what is moved again, and of nothing else': async ({ store }) => {
    await createOrders(store)
    await store.saveGroup('billing', { ...state, generation: 4 }, 0, [grant(0, 3), grant(1, 4)])
    ok(await store.moveCommits('billing', [move(0, 2)], 1, { again: true }))
    ok(await store.moveCommits('billing', [move(1, 2)], 2, { again: false }))
    deepStrictEqual((await store.loadGroup('billing')).state.runNumbers, { [`${topic}/0`]: 5 })
  },

  'refuses the commit of a member that was paused while its group was moved': async ({ store }) => {
    await createOrders(store)
    await store.saveGroup('billing', state, 0, [grant(0, 1)])
    ok(await store.moveCommits('billing', [move(0, 2)], 1, { again: false }))
    deepStrictEqual(await store.commit('billing', [commitOf(0, 1, 10)]), [false])
    deepStrictEqual(await store.commits('billing'), [commitOf(0, 2, 2)])
  },

  'moves nothing when the group has changed since it was loaded': async ({ store }) => {
    await createOrders(store)
    await store.saveGroup('billing', state, 0, [grant(0, 1)])
    await store.commit('billing', [commitOf(0, 1, 9)])
    const moves = [
      store.moveCommits('billing', [move(0, 2)], 0, { again: false }),
      store.moveCommits('billing', [move(0, 3)], 2, { again: false }),
    ]
    deepStrictEqual(await Promise.all(moves), [false, false])
    deepStrictEqual(await store.commits('billing'), [commitOf(0, 1, 9)])
    deepStrictEqual((await store.loadGroup('billing')).state, state)
    equal(await store.moveCommits('audit', [move(0, 2)], 7, { again: false }), false)
    deepStrictEqual(await store.groups(), ['billing'])
  },

  'lets one of several moves at the same time win': async ({ store }) => {
    await createOrders(store)
    await store.saveGroup('billing', state, 0, [grant(0, 1)])
    const moves = [1, 2, 3].map((offset) =>
      store.moveCommits('billing', [move(0, offset)], 1, { again: false }),
    )
    deepStrictEqual(await Promise.all(moves), [true, false, false])
    deepStrictEqual(await store.commits('billing'), [commitOf(0, 2, 1)])
  },

  'registers a group whose commits are moved before it was ever here, its first generation still open':
    async ({ store }) => {
      await createOrders(store)
      ok(await store.moveCommits('billing', [move(0, 2)], 0, { again: false }))
      deepStrictEqual(await store.groups(), ['billing'])
      const loaded = await store.loadGroup('billing')
      deepStrictEqual([loaded.state.generation, loaded.revision], [0, 1])
      ok(await store.saveGroup('billing', state, 1, [grant(0, 1)]))
      deepStrictEqual(await store.commits('billing'), [commitOf(0, 1, 2)])
    },

  'registers no group whose state was saved against a revision that it never had': async ({ store }) => {
    equal(await store.saveGroup('billing', state, 3, []), false)
    deepStrictEqual(await store.groups(), [])
  },

  'forgets a group with its commits, as if it was never here': async ({ store }) => {
    await createOrders(store)
    await store.saveGroup('audit', state, 0, [grant(0, 1)])
    await store.saveGroup('billing', state, 0, [grant(0, 1)])
    for (const group of ['audit', 'billing']) await store.commit(group, [commitOf(0, 1, 9)])
    equal(await store.forgetGroup('billing', 1), true)
    deepStrictEqual(await store.groups(), ['audit'])
    const { state: empty, revision } = await store.loadGroup('billing')
    deepStrictEqual([empty, revision], [emptyGroup, 0])
    deepStrictEqual(await store.commits('billing'), [])
    deepStrictEqual(await store.commits('audit'), [commitOf(0, 1, 9)])
    await store.saveGroup('billing', { ...state, generation: 7 }, 0, [grant(0, 7)])
    deepStrictEqual(await store.commits('billing'), [])
  },

  'refuses the commit and the save of a member that was paused while its group was forgotten': async ({
    store,
  }) => {
    await createOrders(store)
    await store.saveGroup('billing', state, 0, [grant(0, 1)])
    await store.forgetGroup('billing', 1)
    deepStrictEqual(await store.commit('billing', [commitOf(0, 1, 9)]), [false])
    equal(await store.saveGroup('billing', state, 1, []), false)
    deepStrictEqual(await store.groups(), [])
  },

  'forgets nothing when the group has changed since it was loaded, or is not there': async ({ store }) => {
    await store.saveGroup('billing', state, 0, [])
    await store.saveGroup('billing', state, 1, [])
    const forgets = [store.forgetGroup('billing', 1), store.forgetGroup('audit', 0)]
    deepStrictEqual(await Promise.all(forgets), [false, false])
    deepStrictEqual(await store.groups(), ['billing'])
  },

  'tells watchers that a group has changed, and not that it has not': async ({ store }) => {
    const told: Change[] = []
    store.watch((change) => told.push(change))
    await store.saveGroup('billing', state, 0, [])
    await store.saveGroup('billing', state, 0, [])
    deepStrictEqual(told, [{ kind: 'group', group: 'billing' }])
    await store.moveCommits('billing', [], 1, { again: false })
    await store.moveCommits('billing', [], 1, { again: false })
    equal(told.length, 2)
    await store.forgetGroup('billing', 2)
    await store.forgetGroup('billing', 2)
    equal(told.length, 3)
  },
}
