import { deepStrictEqual, equal, ok, rejects } from 'node:assert/strict'
import {
  type DeadLetter,
  type DeadLetterState,
  type DeadLetterStore,
  deadLetterId,
} from '../dead-letter/index.ts'
import { isTidingsError, limits } from '../kernel/index.ts'
import type { Fence, LogStore } from '../log/index.ts'
import { type ContractCases, type ContractOptions, runContract } from './contract.ts'

export interface DeadLetterStoreContext extends AsyncDisposable {
  readonly store: DeadLetterStore
  /** The log whose dead letters these are: it knows who owns a partition. */
  readonly log: LogStore
}

/** What every DeadLetterStore promises. */
export function deadLetterStoreContract(options: ContractOptions<DeadLetterStoreContext>): void {
  runContract(cases, options)
}

function letter(offset: number, fields: Partial<Omit<DeadLetter, 'id'>> = {}): DeadLetter {
  const place = { group: 'billing', topic: 'orders', partition: 0, offset, ...fields }
  return {
    appendedAt: 1_767_225_600_000 + offset,
    state: 'dead',
    reason: 'handler_failed',
    message: 'The card was declined.',
    stack: 'Error: The card was declined.\n    at charge',
    attempts: 5,
    event: { type: 'com.example.orders.created', source: '/orders', id: String(offset) },
    key: 'orders/1',
    encoded: '{"specversion":"1.0"}',
    failedAt: 1_767_225_601_000,
    nextAttemptAt: undefined,
    ...fields,
    ...place,
    id: deadLetterId(place.group, place),
  }
}

const id = (offset: number): string => letter(offset).id
const offsets = (entries: readonly { readonly offset: number }[]): number[] =>
  entries.map(({ offset }) => offset)
const fenced = (error: unknown): boolean => isTidingsError(error, 'fenced')

/** Makes somebody the owner of a partition of a group, under a new generation. */
async function own(
  { log }: DeadLetterStoreContext,
  { group, topic, partition }: Omit<Fence, 'generation'> = letter(0),
): Promise<Fence> {
  const { state, revision } = await log.loadGroup(group)
  const grant = { topic, partition, generation: state.generation + 1 }
  ok(await log.saveGroup(group, { ...state, generation: grant.generation }, revision, [grant]))
  return { group, ...grant }
}

/** Writes entries, each as an owner of its partition. */
async function put(context: DeadLetterStoreContext, ...letters: readonly DeadLetter[]): Promise<void> {
  for (const each of letters) await context.store.put(await own(context, each), [each])
}

async function stateOf(
  { store }: DeadLetterStoreContext,
  offset: number,
): Promise<DeadLetterState | undefined> {
  return (await store.get(id(offset)))?.state
}

const cases: ContractCases<DeadLetterStoreContext> = {
  'keeps an entry with everything in it': async (context) => {
    const entry = letter(3, { state: 'set-aside', nextAttemptAt: 7, message: 'é \u{1F4E6} "\\' })
    await put(context, entry)
    deepStrictEqual(JSON.stringify(await context.store.get(entry.id), sorted), JSON.stringify(entry, sorted))
    equal(await context.store.get(id(4)), undefined)
  },

  'keeps a record byte for byte, also one that cannot be parsed': async (context) => {
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const binary = { attributes: { id: '1', source: '/a b', type: 't' }, body }
    await put(
      context,
      letter(0, { encoded: '{"broken', event: undefined, key: undefined }),
      letter(1, { encoded: binary }),
      letter(2, { encoded: { ...binary, body: undefined } }),
    )
    const unreadable = await context.store.get(id(0))
    deepStrictEqual(
      [unreadable?.encoded, unreadable?.event, unreadable?.key],
      ['{"broken', undefined, undefined],
    )
    deepStrictEqual((await context.store.get(id(1)))?.encoded, binary)
    deepStrictEqual((await context.store.get(id(2)))?.encoded, { ...binary, body: undefined })
  },

  'has one entry for the same event of the same group, the last that was put': async (context) => {
    await put(context, letter(1, { state: 'set-aside', attempts: 1, nextAttemptAt: 7 }))
    await put(context, letter(1, { attempts: 5 }))
    equal(await context.store.count(), 1)
    const entry = await context.store.get(id(1))
    deepStrictEqual([entry?.state, entry?.attempts, entry?.nextAttemptAt], ['dead', 5, undefined])
  },

  'writes an ended entry anew: after a replay its event may fail again': async (context) => {
    const { store } = context
    await put(context, letter(1, { state: 'handled' }), letter(2))
    await store.discard(id(2), 'A test order.')
    await put(context, letter(1, { attempts: 3 }), letter(2, { state: 'set-aside', nextAttemptAt: 9 }))
    deepStrictEqual([await stateOf(context, 1), await stateOf(context, 2)], ['dead', 'set-aside'])
    deepStrictEqual(
      [(await store.get(id(1)))?.attempts, (await store.get(id(2)))?.discardReason],
      [3, undefined],
    )
  },

  'refuses what an owner writes that is none any more, and keeps nothing of it': async (context) => {
    const { store } = context
    const old = await own(context)
    await store.put(old, [letter(1, { state: 'set-aside' }), letter(2, { state: 'requested' })])
    const owner = await own(context)
    await rejects(store.put(old, [letter(1), letter(3)]), fenced)
    await rejects(store.resolve(old, id(1)), fenced)
    await rejects(store.resolve(old, id(2)), fenced)
    await rejects(store.put({ ...owner, generation: owner.generation + 1 }, [letter(3)]), fenced)
    deepStrictEqual([await stateOf(context, 1), await stateOf(context, 2)], ['set-aside', 'requested'])
    equal(await store.count(), 2)
    await store.put(owner, [letter(3)])
    equal(await store.count(), 3)
  },

  'refuses what somebody writes whose partition was never granted': async (context) => {
    const owner = await own(context)
    for (const place of [{ group: 'audit' }, { topic: 'carts' }, { partition: 1 }])
      await rejects(context.store.put({ ...owner, ...place }, [letter(1, place)]), fenced)
    equal(await context.store.count(), 0)
  },

  'refuses what a member writes that was paused while its group was moved': async (context) => {
    const owner = await own(context)
    const place = { topic: owner.topic, partition: owner.partition, offset: 0, state: '' }
    ok(await context.log.moveCommits(owner.group, [place], 1, { again: false }))
    await rejects(context.store.put(owner, [letter(1)]), fenced)
  },

  'removes an entry that was only set aside once its event is handled': async (context) => {
    const owner = await own(context)
    await context.store.put(owner, [letter(1, { state: 'set-aside' })])
    await context.store.resolve(owner, id(1))
    equal(await context.store.get(id(1)), undefined)
  },

  'keeps an entry as handled whose redrive succeeded': async (context) => {
    const owner = await own(context)
    await context.store.put(owner, [letter(1)])
    await context.store.request([id(1)])
    await context.store.put(owner, [letter(1, { state: 'requested', attempts: 2, nextAttemptAt: 9 })])
    await context.store.resolve(owner, id(1))
    const entry = await context.store.get(id(1))
    deepStrictEqual([entry?.state, entry?.attempts, entry?.nextAttemptAt], ['handled', 2, undefined])
  },

  'leaves an entry as it is that is not to be delivered, or that is not there': async (context) => {
    const owner = await own(context)
    await context.store.put(owner, [letter(1), letter(2)])
    await context.store.discard(id(2), 'A test order.')
    for (const offset of [1, 2, 3]) await context.store.resolve(owner, id(offset))
    deepStrictEqual([await stateOf(context, 1), await stateOf(context, 2)], ['dead', 'discarded'])
    equal(await context.store.count(), 2)
  },

  'opens what the owner of a partition has to deliver, in offset order': async (context) => {
    await put(
      context,
      letter(10, { state: 'set-aside' }),
      letter(9, { state: 'requested' }),
      letter(2, { state: 'set-aside' }),
      letter(1),
      letter(3, { state: 'set-aside', partition: 1 }),
      letter(4, { state: 'set-aside', topic: 'carts' }),
      letter(5, { state: 'set-aside', group: 'audit' }),
    )
    const { store } = context
    deepStrictEqual(offsets(await store.open('billing', 'orders', 0, ['set-aside', 'requested'])), [2, 9, 10])
    deepStrictEqual(offsets(await store.open('billing', 'orders', 0, ['dead'])), [1])
    deepStrictEqual(await store.open('billing', 'orders', 0, []), [])
  },

  'opens entries without their records': async (context) => {
    await put(
      context,
      letter(1, { state: 'set-aside', attempts: 3, nextAttemptAt: 7 }),
      letter(2, { state: 'set-aside', key: undefined }),
    )
    const rest = { state: 'set-aside', attempts: 5, nextAttemptAt: undefined } as const
    deepStrictEqual(await context.store.open('billing', 'orders', 0, ['set-aside']), [
      { id: id(1), offset: 1, key: 'orders/1', ...rest, attempts: 3, nextAttemptAt: 7 },
      { id: id(2), offset: 2, key: undefined, ...rest },
    ])
  },

  'requests a redrive of dead entries only, and returns which those were': async (context) => {
    const { store } = context
    await put(context, letter(1), letter(2, { state: 'set-aside' }), letter(3))
    await store.discard(id(3), 'A test order.')
    deepStrictEqual(await store.request([id(1), id(2), id(3), id(4)]), [id(1)])
    deepStrictEqual(await store.request([id(1)]), [])
    equal(await stateOf(context, 1), 'requested')
  },

  'gives an entry all its attempts again when its redrive is requested': async (context) => {
    await put(context, letter(1, { attempts: 5, nextAttemptAt: 7 }))
    await context.store.request([id(1)])
    const [place] = await context.store.open('billing', 'orders', 0, ['requested'])
    const entry = await context.store.get(id(1))
    for (const each of [place, entry]) deepStrictEqual([each?.attempts, each?.nextAttemptAt], [0, undefined])
  },

  'discards an entry that is not ended, and keeps why': async (context) => {
    const { store } = context
    await put(context, letter(1), letter(2, { state: 'set-aside', nextAttemptAt: 7 }), letter(3))
    await store.request([id(3)])
    for (const offset of [1, 2, 3]) {
      equal(await store.discard(id(offset), `No customer ${offset}.`), true)
      const { state, discardReason, nextAttemptAt } = (await store.get(id(offset))) ?? {}
      deepStrictEqual(
        [state, discardReason, nextAttemptAt],
        ['discarded', `No customer ${offset}.`, undefined],
      )
    }
  },

  'says that there is nothing to discard, and keeps the first reason': async (context) => {
    const { store } = context
    await put(context, letter(1), letter(2, { state: 'handled' }))
    await store.discard(id(1), 'The first.')
    for (const offset of [1, 2, 3]) equal(await store.discard(id(offset), 'The second.'), false)
    equal((await store.get(id(1)))?.discardReason, 'The first.')
    equal(await stateOf(context, 2), 'handled')
  },

  'cuts a reason that is too long': async (context) => {
    await put(context, letter(1))
    await context.store.discard(id(1), 'x'.repeat(limits.errorLength * 2))
    equal((await context.store.get(id(1)))?.discardReason?.length, limits.errorLength + 1)
  },

  'tells watchers of a request, and not that nothing was requested': async (context) => {
    const { store } = context
    let told = 0
    const stop = store.watch(() => (told += 1))
    await put(context, letter(1), letter(2))
    const before = told
    await store.request([id(9)])
    equal(told, before)
    await store.request([id(1)])
    equal(told, before + 1)
    stop()
    await store.request([id(2)])
    equal(told, before + 1)
  },

  'lists by id, page after page': async (context) => {
    const { store } = context
    await put(context, ...[5, 3, 1, 4, 2].map((offset) => letter(offset)))
    const first = await store.list({}, { limit: 2 })
    const second = await store.list({}, { limit: 2, after: first.next })
    const third = await store.list({}, { limit: 2, after: second.next })
    deepStrictEqual(
      [first, second, third].map(({ entries }) => offsets(entries)),
      [[1, 2], [3, 4], [5]],
    )
    deepStrictEqual([first.next, second.next, third.next], [id(2), id(4), undefined])
  },

  'lists a page of all when nothing more is said': async (context) => {
    const count = limits.deadLetterPage + 1
    await context.store.put(
      await own(context),
      Array.from({ length: count }, (_, offset) => letter(offset)),
    )
    equal((await context.store.list()).entries.length, limits.deadLetterPage)
    equal(await context.store.count(), count)
  },

  'lists and counts by group, beginning of the group, topic and state': async (context) => {
    const { store } = context
    await put(
      context,
      letter(1),
      letter(2, { state: 'set-aside' }),
      letter(3, { group: 'audit' }),
      letter(4, { group: 'test.billing', topic: 'test.orders' }),
      letter(5, { group: 'test-billing' }),
    )
    for (const [filter, expected] of [
      [{}, [1, 2, 3, 4, 5]],
      [{ group: 'billing' }, [1, 2]],
      [{ groupPrefix: 'test.' }, [4]],
      [{ topic: 'orders' }, [1, 2, 3, 5]],
      [{ states: ['dead'] }, [1, 3, 4, 5]],
      [{ states: [] }, []],
      [{ group: 'billing', states: ['set-aside', 'requested'] }, [2]],
    ] as const) {
      const { entries } = await store.list(filter, { limit: 100 })
      deepStrictEqual(new Set(offsets(entries)), new Set(expected))
      equal(await store.count(filter), expected.length)
    }
  },
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
