import { deepStrictEqual, equal, rejects } from 'node:assert/strict'
import type { InboxClaim, InboxStore } from '../inbox/index.ts'
import { isTidingsError, TidingsError } from '../kernel/index.ts'
import { type ContractCases, type ContractOptions, runContract } from './contract.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface InboxStoreContext extends AsyncDisposable {
  readonly inbox: InboxStore<unknown>
  /** The inbox's own clock. */
  readonly clock: VirtualClock
  /** Runs a handler's function in the inbox's transaction: `write` adds a row to the handlers' database. */
  transact(claim: InboxClaim, run: (write: (row: string) => void) => unknown): Promise<unknown>
  /** The rows that handlers have written, in order. */
  rows(): Promise<readonly string[]>
}

/** What every InboxStore with synchronous transactions promises. */
export function inboxStoreContract(options: ContractOptions<InboxStoreContext>): void {
  runContract(cases, options)
}

interface ClaimOptions {
  readonly ids?: readonly string[]
  readonly source?: string
  readonly group?: string
  readonly partition?: number
  readonly generation?: number
  readonly runNumber?: number
  readonly over?: boolean
}

/** A claim that counts how often it was told that its transaction is durable. */
function claim({
  ids = ['1'],
  source = '/orders',
  over = false,
  runNumber = 0,
  ...fence
}: ClaimOptions = {}): InboxClaim & {
  readonly commits: number
} {
  return {
    fence: { group: 'billing', topic: 'orders', partition: 0, generation: 1, ...fence },
    runNumber,
    keys: ids.map((id) => ({ source, id })),
    commits: 0,
    check() {
      if (over) throw new TidingsError('delivery_closed', 'The handler has returned.')
    },
    committed() {
      Object.assign(this, { commits: this.commits + 1 })
    },
  }
}

const has = (code: 'fenced' | 'delivery_closed' | 'transaction_async') => (error: unknown) =>
  isTidingsError(error, code)

async function handled(
  { inbox }: InboxStoreContext,
  id: string,
  group = 'billing',
  runNumber = 0,
): Promise<boolean> {
  return (await inbox.handled(group, runNumber, [{ source: '/orders', id }]))[0] ?? false
}

const cases: ContractCases<InboxStoreContext> = {
  'writes the rows of a handler, and that the event was handled': async (context) => {
    equal(await handled(context, '1'), false)
    const first = claim()
    equal(await context.transact(first, (write) => (write('invoice'), 42)), 42)
    deepStrictEqual(await context.rows(), ['invoice'])
    equal(await handled(context, '1'), true)
    equal(first.commits, 1)
  },

  'writes nothing when the function throws, and rejects with what it threw': async (context) => {
    const failed = claim()
    const failure = new Error('no such customer')
    const transaction = context.transact(failed, (write) => {
      write('half an invoice')
      throw failure
    })
    await rejects(transaction, (error) => error === failure)
    deepStrictEqual(await context.rows(), [])
    equal(await handled(context, '1'), false)
    equal(failed.commits, 0)
    await context.transact(claim(), (write) => write('invoice'))
    deepStrictEqual(await context.rows(), ['invoice'])
  },

  'writes nothing a second time for an event that was handled': async (context) => {
    await context.transact(claim(), (write) => write('once'))
    await rejects(
      context.transact(claim(), (write) => write('twice')),
      has('delivery_closed'),
    )
    deepStrictEqual(await context.rows(), ['once'])
  },

  'knows events by group, source and id': async (context) => {
    await context.transact(claim(), (write) => write('a'))
    await context.transact(claim({ group: 'audit' }), (write) => write('b'))
    await context.transact(claim({ source: '/carts' }), (write) => write('c'))
    await context.transact(claim({ ids: ['2'] }), (write) => write('d'))
    deepStrictEqual(await context.rows(), ['a', 'b', 'c', 'd'])
    deepStrictEqual(
      await context.inbox.handled('billing', 0, [
        { source: '/orders', id: '2' },
        { source: '/orders', id: '3' },
        { source: '/carts', id: '1' },
      ]),
      [true, false, true],
    )
  },

  'knows nothing under one run number of what was handled under another': async (context) => {
    await context.transact(claim(), (write) => write('first run'))
    equal(await handled(context, '1', 'billing', 7), false)
    await context.transact(claim({ runNumber: 7 }), (write) => write('second run'))
    await rejects(
      context.transact(claim({ runNumber: 7 }), (write) => write('twice')),
      has('delivery_closed'),
    )
    deepStrictEqual(await context.rows(), ['first run', 'second run'])
    await context.inbox.record(claim({ ids: ['2'], runNumber: 7 }))
    deepStrictEqual([await handled(context, '2'), await handled(context, '2', 'billing', 7)], [false, true])
  },

  'takes a batch as one: an event of it that was handled before would have its effect twice': async (
    context,
  ) => {
    await context.transact(claim({ ids: ['1', '2'] }), (write) => write('a'))
    deepStrictEqual([await handled(context, '1'), await handled(context, '2')], [true, true])
    const again = context.transact(claim({ ids: ['2', '3'] }), (write) => write('b'))
    await rejects(again, has('delivery_closed'))
    equal(await handled(context, '3'), false)
    deepStrictEqual(await context.rows(), ['a'])
  },

  'does not record an event of a batch that fails while the batch is written': async (context) => {
    const batch = claim({ ids: ['1', '2', '3'] })
    await context.transact(batch, (write) => {
      write('two of three')
      Object.assign(batch, { keys: batch.keys.filter(({ id }) => id !== '2') })
    })
    const known = ['1', '2', '3'].map((id) => handled(context, id))
    deepStrictEqual(await Promise.all(known), [true, false, true])
    deepStrictEqual(await context.rows(), ['two of three'])
  },

  'does not run the function of a delivery that is over': async (context) => {
    let ran = false
    await rejects(
      context.transact(claim({ over: true }), () => (ran = true)),
      has('delivery_closed'),
    )
    equal(ran, false)
    equal(await handled(context, '1'), false)
  },

  'refuses a function that returns a Promise, and writes nothing': async (context) => {
    const transaction = context.transact(claim(), async (write) => write('too early'))
    await rejects(transaction, has('transaction_async'))
    deepStrictEqual(await context.rows(), [])
    equal(await handled(context, '1'), false)
  },

  'records the events of a handler that wrote nothing, as often as asked': async (context) => {
    const recorded = claim({ ids: ['1', '2'] })
    await context.inbox.record(recorded)
    await context.inbox.record(recorded)
    equal(recorded.commits, 2)
    deepStrictEqual([await handled(context, '1'), await handled(context, '2')], [true, true])
  },

  'fences a member of an older generation, and undoes what it wrote': async (context) => {
    await context.transact(claim({ generation: 2 }), (write) => write('new owner'))
    await rejects(
      context.transact(claim({ ids: ['2'], generation: 1 }), (write) => write('zombie')),
      has('fenced'),
    )
    await rejects(context.inbox.record(claim({ ids: ['2'], generation: 1 })), has('fenced'))
    deepStrictEqual(await context.rows(), ['new owner'])
    equal(await handled(context, '2'), false)
  },

  'fences each partition of each group by itself': async (context) => {
    await context.transact(claim({ generation: 9 }), (write) => write('a'))
    await context.transact(claim({ ids: ['2'], partition: 1 }), (write) => write('b'))
    await context.transact(claim({ group: 'audit' }), (write) => write('c'))
    deepStrictEqual(await context.rows(), ['a', 'b', 'c'])
  },

  'raises the fence only with a transaction that commits': async (context) => {
    await rejects(
      context.transact(claim({ generation: 5 }), () => {
        throw new Error('no')
      }),
      /no/,
    )
    await context.transact(claim({ generation: 4 }), (write) => write('a'))
    deepStrictEqual(await context.rows(), ['a'])
  },

  'keeps the transactions of one turn apart': async (context) => {
    const results = await Promise.allSettled(
      ['1', '2', '3'].map((id) =>
        context.transact(claim({ ids: [id] }), (write) => {
          write(id)
          if (id === '2') throw new Error('no')
        }),
      ),
    )
    deepStrictEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    deepStrictEqual(await context.rows(), ['1', '3'])
    equal(await handled(context, '2'), false)
  },

  'forgets what a group handled before a time': async (context) => {
    await context.inbox.record(claim({ ids: ['old'] }))
    await context.inbox.record(claim({ ids: ['old'], group: 'audit' }))
    await context.inbox.record(claim({ ids: ['old'], runNumber: 7 }))
    await context.clock.advance(1_000)
    await context.inbox.record(claim({ ids: ['new'] }))
    await context.inbox.record(claim({ ids: ['new'], runNumber: 7 }))
    equal(await context.inbox.prune('billing', context.clock.now()), 2)
    deepStrictEqual([await handled(context, 'old'), await handled(context, 'new')], [false, true])
    equal(await handled(context, 'old', 'billing', 7), false)
    equal(await handled(context, 'new', 'billing', 7), true)
    equal(await handled(context, 'old', 'audit'), true)
  },
}
