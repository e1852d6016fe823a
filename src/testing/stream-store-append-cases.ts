import { deepStrictEqual, equal, ok, rejects } from 'node:assert/strict'
import { isTidingsError, limits } from '../kernel/index.ts'
import type { ContractCases } from './contract.ts'
import {
  append,
  cart7,
  conflict,
  eventOf,
  idsOf,
  order7,
  order8,
  type StreamStoreContext,
} from './stream-store-context.ts'

const isDuplicate = (error: unknown): boolean => isTidingsError(error, 'event_duplicate')

export const appendCases: ContractCases<StreamStoreContext> = {
  'appends at the next versions, each stream by itself': async (context) => {
    deepStrictEqual(await append(context, order7, ['a', 'b'], 'empty'), { version: 2, written: true })
    deepStrictEqual(await append(context, cart7, ['c'], 0), { version: 1, written: true })
    deepStrictEqual(await append(context, order7, ['d'], 2), { version: 3, written: true })
    deepStrictEqual(await append(context, order7, ['e'], 'exists'), { version: 4, written: true })
    deepStrictEqual(await append(context, order8, ['f'], 'any'), { version: 1, written: true })
    deepStrictEqual(await idsOf(context, order7), ['a', 'b', 'd', 'e'])
  },

  'keeps every event as it was given, with its place': async (context) => {
    await context.store.append(order7, [eventOf('a', 5), eventOf('b', 3)], { expected: 'empty' })
    const [first, second] = await context.store.read(order7, { limit: 10 })
    ok(first !== undefined && second !== undefined)
    const { position, ...rest } = second
    deepStrictEqual(rest, { ...eventOf('b', 3), stream: order7, version: 2 })
    equal(first.version, 1)
    ok(position !== first.position)
  },

  'refuses an append at another version than expected, with both versions': async (context) => {
    await append(context, order7, ['a', 'b'])
    await rejects(append(context, order7, ['c'], 1), conflict(1, 2))
    await rejects(append(context, order7, ['c'], 'empty'), conflict('empty', 2))
    await rejects(append(context, order8, ['c'], 'exists'), conflict('exists', 0))
    await rejects(append(context, order8, ['c'], 9_007_199_254_740_991), conflict(9_007_199_254_740_991, 0))
    deepStrictEqual(await idsOf(context, order7), ['a', 'b'])
    deepStrictEqual(await idsOf(context, order8), [])
  },

  'says so in a sentence': async (context) => {
    await append(context, cart7, ['1', '2', '3', '4', '5', '6'])
    await rejects(append(context, cart7, ['7'], 4), {
      message: 'expected_version: stream "cart-7" is at version 6, not 4. Reload it and decide again.',
    })
  },

  'appends an event once by its id, whatever is expected then': async (context) => {
    await append(context, order7, ['a', 'b'], 'empty')
    await append(context, order7, ['c'], 2)
    deepStrictEqual(await append(context, order7, ['a', 'b'], 'empty'), { version: 2, written: false })
    deepStrictEqual(await append(context, order7, ['c'], 'any'), { version: 3, written: false })
    deepStrictEqual(await append(context, order7, ['c'], 3), { version: 3, written: false })
    deepStrictEqual(await append(context, order7, ['d'], 3), { version: 4, written: true })
    deepStrictEqual(await idsOf(context, order7), ['a', 'b', 'c', 'd'])
  },

  'refuses ids of which only some are there, in another order, or in another stream': async (context) => {
    await append(context, order7, ['a', 'b', 'c'])
    await rejects(append(context, order7, ['c', 'd']), isDuplicate)
    await rejects(append(context, order7, ['d', 'c']), isDuplicate)
    await rejects(append(context, order7, ['b', 'a']), isDuplicate)
    await rejects(append(context, order7, ['a', 'c']), isDuplicate)
    await rejects(append(context, order8, ['a']), isDuplicate)
    await rejects(append(context, order8, ['e', 'e']), isDuplicate)
    deepStrictEqual(await idsOf(context, order7), ['a', 'b', 'c'])
    deepStrictEqual(await idsOf(context, order8), [])
    deepStrictEqual(await append(context, order8, ['d', 'e'], 'empty'), { version: 2, written: true })
  },

  'lets one of many that append at the same version win': async (context) => {
    await append(context, order7, ['a'])
    const results = await Promise.allSettled(
      ['b', 'c', 'd', 'e'].map((id) => append(context, order7, [id], 1)),
    )
    const lost = results.filter((result) => result.status === 'rejected')
    equal(lost.length, 3)
    for (const { reason } of lost) ok(conflict(1, 2)(reason))
    equal((await idsOf(context, order7)).length, 2)
  },

  'writes what goes with an append in its transaction': async (context) => {
    await context.store.append(order7, [eventOf('a')], {
      expected: 'empty',
      within: (tx) => context.write(tx, 'with a'),
    })
    deepStrictEqual(await context.rows(), ['with a'])
  },

  'writes nothing when what goes with an append fails': async (context) => {
    const failure = new Error('no such customer')
    const failing = context.store.append(order7, [eventOf('a'), eventOf('b')], {
      expected: 'any',
      within: (tx) => {
        const written = context.write(tx, 'half')
        if (written === undefined) throw failure
        return written.then(() => {
          throw failure
        })
      },
    })
    await rejects(failing, (error) => error === failure)
    deepStrictEqual(await context.rows(), [])
    deepStrictEqual(await idsOf(context, order7), [])
    deepStrictEqual(await append(context, order7, ['a'], 'empty'), { version: 1, written: true })
  },

  'does not write again what goes with an append that was there': async (context) => {
    const once = (row: string) =>
      context.store.append(order7, [eventOf('a')], {
        expected: 'empty',
        within: (tx) => context.write(tx, row),
      })
    await once('first')
    await once('second')
    await rejects(
      context.store.append(order7, [eventOf('b')], {
        expected: 'empty',
        within: (tx) => context.write(tx, 'third'),
      }),
      conflict('empty', 1),
    )
    deepStrictEqual(await context.rows(), ['first'])
  },

  'keeps appends of one turn apart': async (context) => {
    const results = await Promise.allSettled([
      append(context, order7, ['a'], 'empty'),
      append(context, order7, ['b'], 'empty'),
      append(context, order8, ['c'], 'empty'),
    ])
    deepStrictEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
  },

  'takes an append without events as a question for the version': async (context) => {
    await append(context, order7, ['a'])
    equal((await append(context, order7, [], 1)).version, 1)
    await rejects(append(context, order7, [], 2), conflict(2, 1))
  },

  'deletes the beginning of a stream, and never its last event': async (context) => {
    await append(context, order7, ['a', 'b', 'c', 'd'])
    await append(context, order8, ['e'])
    equal(await context.store.truncate(order7, 3), 2)
    equal(await context.store.truncate(order7, 3), 0)
    deepStrictEqual(await idsOf(context, order7), ['c', 'd'])
    equal(await context.store.truncate(order7, 1_000), 1)
    deepStrictEqual(await idsOf(context, order7), ['d'])
    deepStrictEqual(await append(context, order7, ['f'], 4), { version: 5, written: true })
    deepStrictEqual(await idsOf(context, order8), ['e'])
  },

  'keeps the newest snapshot of a stream under each key': async ({ store, ...context }) => {
    await append({ store, ...context }, order7, ['a', 'b', 'c'])
    equal(await store.loadSnapshot(order7, 'v1'), undefined)
    await store.saveSnapshot(order7, 'v1', { version: 2, state: '{"a":1}' })
    await store.saveSnapshot(order7, 'v1', { version: 1, state: '{}' })
    deepStrictEqual(await store.loadSnapshot(order7, 'v1'), { version: 2, state: '{"a":1}' })
    equal(await store.loadSnapshot(order8, 'v1'), undefined)
    await store.saveSnapshot(order7, 'v2', { version: 1, state: '{"b":1}' })
    deepStrictEqual(await store.loadSnapshot(order7, 'v1'), { version: 2, state: '{"a":1}' })
    deepStrictEqual(await store.loadSnapshot(order7, 'v2'), { version: 1, state: '{"b":1}' })
  },

  'forgets the oldest snapshots under other keys, beyond a few': async ({ store, ...context }) => {
    await append({ store, ...context }, order7, ['a', 'b', 'c'])
    const keys = Array.from({ length: limits.streamSnapshots }, (_, number) => `build ${number}`)
    for (const [number, key] of keys.entries())
      await store.saveSnapshot(order7, key, { version: 9 - number, state: '{}' })
    await store.saveSnapshot(order8, 'build 0', { version: 1, state: '{}' })
    await store.saveSnapshot(order7, 'another', { version: 1, state: '{}' })
    const kept = await Promise.all([...keys, 'another'].map((key) => store.loadSnapshot(order7, key)))
    deepStrictEqual(
      kept.map((each) => each?.version),
      [...keys.slice(0, -1).map((_, number) => 9 - number), undefined, 1],
    )
  },
}
