import { deepStrictEqual, equal } from 'node:assert/strict'
import { type DeadLetter, type DeadLetterStore, deadLetterId } from '../dead-letter/index.ts'
import { type ContractCases, type ContractOptions, runContract } from './contract.ts'

export interface DeadLetterStoreContext extends AsyncDisposable {
  readonly store: DeadLetterStore
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
const offsets = (entries: readonly DeadLetter[]): number[] => entries.map(({ offset }) => offset)

const cases: ContractCases<DeadLetterStoreContext> = {
  'keeps an entry with everything in it': async ({ store }) => {
    const entry = letter(3, { state: 'set-aside', nextAttemptAt: 7, message: 'é \u{1F4E6} "\\' })
    await store.put([entry])
    deepStrictEqual(JSON.stringify(await store.get(entry.id), sorted), JSON.stringify(entry, sorted))
    equal(await store.get(id(4)), undefined)
  },

  'keeps a record byte for byte, also one that cannot be parsed': async ({ store }) => {
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const binary = { attributes: { id: '1', source: '/a b', type: 't' }, body }
    await store.put([
      letter(0, { encoded: '{"broken', event: undefined, key: undefined }),
      letter(1, { encoded: binary }),
      letter(2, { encoded: { ...binary, body: undefined } }),
    ])
    const unreadable = await store.get(id(0))
    deepStrictEqual(
      [unreadable?.encoded, unreadable?.event, unreadable?.key],
      ['{"broken', undefined, undefined],
    )
    deepStrictEqual((await store.get(id(1)))?.encoded, binary)
    deepStrictEqual((await store.get(id(2)))?.encoded, { ...binary, body: undefined })
  },

  'has one entry for the same event of the same group, the last that was put': async ({ store }) => {
    await store.put([letter(1, { state: 'set-aside', attempts: 1 })])
    await store.put([letter(1, { attempts: 5 })])
    equal(await store.count({}), 1)
    const entry = await store.get(id(1))
    deepStrictEqual([entry?.state, entry?.attempts], ['dead', 5])
  },

  'does not bring back what was handled or discarded': async ({ store }) => {
    await store.put([letter(1), letter(2)])
    await store.resolve(id(1), 'handled')
    await store.resolve(id(2), 'discarded')
    await store.put([letter(1), letter(2, { state: 'set-aside' })])
    deepStrictEqual(
      [(await store.get(id(1)))?.state, (await store.get(id(2)))?.state],
      ['handled', 'discarded'],
    )
  },

  'opens what the owner of a partition has to deliver, in offset order': async ({ store }) => {
    await store.put([
      letter(10, { state: 'set-aside' }),
      letter(9, { state: 'requested' }),
      letter(2, { state: 'set-aside' }),
      letter(1),
      letter(3, { state: 'set-aside', partition: 1 }),
      letter(4, { state: 'set-aside', topic: 'carts' }),
      letter(5, { state: 'set-aside', group: 'audit' }),
    ])
    deepStrictEqual(offsets(await store.open('billing', 'orders', 0, ['set-aside', 'requested'])), [2, 9, 10])
    deepStrictEqual(offsets(await store.open('billing', 'orders', 0, ['dead'])), [1])
    deepStrictEqual(await store.open('billing', 'orders', 0, []), [])
  },

  'requests a redrive of dead entries only': async ({ store }) => {
    await store.put([letter(1), letter(2, { state: 'set-aside' }), letter(3)])
    await store.resolve(id(3), 'discarded')
    deepStrictEqual(await store.request([id(1), id(2), id(3), id(4)]), [id(1)])
    deepStrictEqual(await store.request([id(1)]), [])
    equal((await store.get(id(1)))?.state, 'requested')
  },

  'tells watchers of a request, and not that nothing was requested': async ({ store }) => {
    let told = 0
    const stop = store.watch(() => (told += 1))
    await store.put([letter(1), letter(2)])
    const before = told
    await store.request([id(9)])
    equal(told, before)
    await store.request([id(1)])
    equal(told, before + 1)
    stop()
    await store.request([id(2)])
    equal(told, before + 1)
  },

  'lists by id, page after page': async ({ store }) => {
    await store.put([5, 3, 1, 4, 2].map((offset) => letter(offset)))
    const first = await store.list({}, { limit: 2 })
    const second = await store.list({}, { limit: 2, after: first.next })
    const third = await store.list({}, { limit: 2, after: second.next })
    deepStrictEqual(
      [first, second, third].map(({ entries }) => offsets(entries)),
      [[1, 2], [3, 4], [5]],
    )
    deepStrictEqual([first.next, second.next, third.next], [id(2), id(4), undefined])
  },

  'lists and counts by group, beginning of the group, topic and state': async ({ store }) => {
    await store.put([
      letter(1),
      letter(2, { state: 'set-aside' }),
      letter(3, { group: 'audit' }),
      letter(4, { group: 'test.billing', topic: 'test.orders' }),
      letter(5, { group: 'test%billing' }),
    ])
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
