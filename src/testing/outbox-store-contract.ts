import { deepStrictEqual, equal, notEqual, ok, rejects } from 'node:assert/strict'
import { isTidingsError } from '../kernel/index.ts'
import type { OutboxRecord, OutboxStore, RelayTerm } from '../outbox/index.ts'
import { type ContractCases, type ContractOptions, runContract } from './contract.ts'

export interface OutboxStoreContext extends AsyncDisposable {
  readonly store: OutboxStore
  /** The store's own clock; real time where the store has that of a server. */
  readonly clock: { advance(ms: number): Promise<unknown> }
  /**
   * Runs a transaction of the caller on the store's database: `add` is that of the store, in this transaction. Commits when
   * the function fulfils, rolls back when it rejects.
   */
  transact(
    run: (add: (records: readonly OutboxRecord[]) => void | Promise<void>) => Promise<void>,
  ): Promise<void>
  /** Adds in a transaction that has ended. Rejects, or throws inside the promise, with what the store says. */
  addLate(records: readonly OutboxRecord[]): Promise<void>
}

/** What every OutboxStore promises. */
export function outboxStoreContract(options: ContractOptions<OutboxStoreContext>): void {
  runContract(cases, options)
}

const leaseMs = 1_000
const all = { maxRecords: 1_000, maxBytes: 1_000_000 }

const record = (body: string, rest: Partial<OutboxRecord> = {}): OutboxRecord => ({
  topic: 'orders',
  partition: 0,
  body,
  notBefore: undefined,
  ...rest,
})

const isFenced = (error: unknown): boolean => isTidingsError(error, 'fenced')

async function add(context: OutboxStoreContext, ...bodies: readonly string[]): Promise<void> {
  await context.transact(async (write) => write(bodies.map((body) => record(body))))
}

async function lead({ store }: OutboxStoreContext, relay = 'one'): Promise<RelayTerm> {
  const term = await store.lead(relay, leaseMs)
  ok(term !== undefined, `${relay} should have the right to relay.`)
  return term
}

async function pending(context: OutboxStoreContext, term: RelayTerm): Promise<readonly string[]> {
  return (await context.store.claim(term, all)).map(({ body }) => body)
}

async function positions({ store }: OutboxStoreContext, term: RelayTerm): Promise<readonly number[]> {
  return (await store.claim(term, all)).map(({ position }) => position)
}

const writing: ContractCases<OutboxStoreContext> = {
  'gives the records of transactions that have committed, in their order': async (context) => {
    await add(context, 'a', 'b')
    await add(context, 'c')
    const term = await lead(context)
    deepStrictEqual(await pending(context, term), ['a', 'b', 'c'])
    const [first, second] = await positions(context, term)
    ok(first !== undefined && second !== undefined && first < second)
  },

  'gives whole records': async (context) => {
    const whole = record('{"text":"Ünïcode"}', {
      topic: 'payments',
      partition: 7,
      notBefore: 1_800_000_000_123,
    })
    await context.transact(async (write) => write([whole]))
    const [{ position: _position, ...found } = { position: 0 }] = await context.store.claim(
      await lead(context),
      all,
    )
    deepStrictEqual(found, whole)
  },

  'has nothing of a transaction that rolled back': async (context) => {
    const failure = new Error('no such customer')
    const failed = context.transact(async (write) => {
      await write([record('a'), record('b')])
      throw failure
    })
    await rejects(failed, (error) => error === failure)
    await add(context, 'c')
    deepStrictEqual(await pending(context, await lead(context)), ['c'])
  },

  'refuses a transaction that is over': async (context) => {
    await rejects(context.addLate([record('late')]), (error) => isTidingsError(error, 'transaction_invalid'))
    deepStrictEqual(await pending(context, await lead(context)), [])
  },

  'takes no records': async (context) => {
    await context.transact(async (write) => write([]))
    deepStrictEqual(await pending(context, await lead(context)), [])
  },

  'tells whoever watches that records were added': async (context) => {
    const told = Promise.withResolvers<void>()
    const stop = context.store.watch(told.resolve)
    await add(context, 'a')
    await context.clock.advance(100)
    await told.promise
    stop()
  },
}

const relaying: ContractCases<OutboxStoreContext> = {
  'gives the same records until they are settled': async (context) => {
    await add(context, 'a', 'b', 'c')
    const term = await lead(context)
    deepStrictEqual(await pending(context, term), ['a', 'b', 'c'])
    const [first = 0, second = 0] = await positions(context, term)
    await context.store.settle(term, [first, second])
    deepStrictEqual(await pending(context, term), ['c'])
    await add(context, 'd')
    deepStrictEqual(await pending(context, term), ['c', 'd'])
  },

  'settles only what is named': async (context) => {
    await add(context, 'a', 'b', 'c')
    const term = await lead(context)
    const [first = 0, , third = 0] = await positions(context, term)
    await context.store.settle(term, [first, third])
    await context.store.settle(term, [first, third])
    deepStrictEqual(await pending(context, term), ['b'])
  },

  'gives no more at once than it is asked for, and one at least': async (context) => {
    await add(context, 'aaaa', 'bbbb', 'cccc')
    const term = await lead(context)
    const claimed = async (maxRecords: number, maxBytes: number): Promise<number> =>
      (await context.store.claim(term, { maxRecords, maxBytes })).length
    deepStrictEqual([await claimed(2, 1_000), await claimed(10, 9), await claimed(10, 1)], [2, 2, 1])
  },

  'keeps what the engine refuses beside the others, with the reason': async (context) => {
    await add(context, 'a', 'b', 'c')
    const term = await lead(context)
    const [first = 0, second = 0] = await positions(context, term)
    await context.store.refuse(term, [{ position: first, reason: 'too large' }])
    await context.store.refuse(term, [
      { position: first, reason: 'again' },
      { position: second, reason: 'no such topic' },
    ])
    deepStrictEqual(await pending(context, term), ['c'])
    const refused = await context.store.listRefused(10)
    deepStrictEqual(
      refused.map(({ body, reason }) => [body, reason]),
      [
        ['a', 'too large'],
        ['b', 'no such topic'],
      ],
    )
    equal((await context.store.listRefused(1)).length, 1)
  },

  'makes refused records pending again, behind what is pending': async (context) => {
    await add(context, 'a', 'b', 'c')
    const term = await lead(context)
    const [first = 0, second = 0] = await positions(context, term)
    await context.store.refuse(term, [
      { position: first, reason: 'no' },
      { position: second, reason: 'no' },
    ])
    equal(await context.store.restore(), 2)
    deepStrictEqual(await pending(context, term), ['c', 'a', 'b'])
    deepStrictEqual([await context.store.restore(), await context.store.listRefused(10)], [0, []])
  },

  'counts what is pending and refused, and how old the oldest is': async (context) => {
    deepStrictEqual(await context.store.figures(), { pending: 0, oldestAgeMs: undefined, refused: 0 })
    await add(context, 'a')
    await context.clock.advance(50)
    await add(context, 'b', 'c')
    const term = await lead(context)
    const before = await context.store.figures()
    equal(before.pending, 3)
    ok(before.oldestAgeMs !== undefined && before.oldestAgeMs >= 50)
    const [first = 0, second = 0, third = 0] = await positions(context, term)
    await context.store.refuse(term, [{ position: first, reason: 'no' }])
    await context.store.settle(term, [second])
    const { pending: left, refused } = await context.store.figures()
    deepStrictEqual([left, refused], [1, 1])
    await context.store.settle(term, [third])
    equal((await context.store.figures()).oldestAgeMs, undefined)
  },
}

const leading: ContractCases<OutboxStoreContext> = {
  'gives one relay at a time the right': async (context) => {
    const term = await lead(context, 'one')
    equal(await context.store.lead('two', leaseMs), undefined)
    equal(term.relay, 'one')
    await context.store.claim(term, all)
  },

  'lets a relay renew its right in the same term': async (context) => {
    const term = await lead(context, 'one')
    for (let renewal = 1; renewal <= 3; renewal++) {
      await context.clock.advance(leaseMs / 2)
      deepStrictEqual(await lead(context, 'one'), term)
    }
    equal(await context.store.lead('two', leaseMs), undefined)
  },

  'gives the right to another relay when its holder has resigned, in a newer term': async (context) => {
    const old = await lead(context, 'one')
    await context.store.resign(old)
    const fresh = await lead(context, 'two')
    ok(fresh.term > old.term)
    await context.store.resign(old)
    equal(await context.store.lead('one', leaseMs), undefined)
  },

  'fences a relay whose right another has now, and changes nothing for it': async (context) => {
    await add(context, 'a', 'b')
    const old = await lead(context, 'one')
    const [first = 0] = await positions(context, old)
    await context.store.resign(old)
    const fresh = await lead(context, 'two')
    await rejects(context.store.claim(old, all), isFenced)
    await rejects(context.store.settle(old, [first]), isFenced)
    await rejects(context.store.refuse(old, [{ position: first, reason: 'no' }]), isFenced)
    deepStrictEqual(await pending(context, fresh), ['a', 'b'])
    const { pending: left, refused } = await context.store.figures()
    deepStrictEqual([left, refused], [2, 0])
  },

  'fences a relay that has resigned, also where nobody follows': async (context) => {
    await add(context, 'a')
    const term = await lead(context, 'one')
    await context.store.resign(term)
    await rejects(context.store.settle(term, [1]), isFenced)
    notEqual((await lead(context, 'one')).term, term.term)
  },
}

const leased: ContractCases<OutboxStoreContext> = {
  'gives the right to another relay when the lease of its holder has ended': async (context) => {
    const old = await lead(context, 'one')
    await context.clock.advance(leaseMs + 1)
    const fresh = await lead(context, 'two')
    ok(fresh.term > old.term)
    await rejects(context.store.claim(old, all), isFenced)
    equal(await context.store.lead('one', leaseMs), undefined)
  },
}

const cases: ContractCases<OutboxStoreContext> = { ...writing, ...relaying, ...leading, ...leased }
