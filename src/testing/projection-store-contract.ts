import { deepStrictEqual, equal, rejects } from 'node:assert/strict'
import { isTidingsError } from '../kernel/index.ts'
import type { ProjectionStore } from '../streams/index.ts'
import { type ContractCases, type ContractOptions, runContract } from './contract.ts'

export interface ProjectionStoreContext extends AsyncDisposable {
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever its transactions are
  readonly store: ProjectionStore<any>
  /** Writes a row of a read model through a transaction of the store: returns as the store's writes do. */
  readonly write: (tx: unknown, row: string) => void | Promise<void>
  /** The rows that were written so, in order. */
  readonly rows: () => Promise<readonly string[]>
}

/** What every ProjectionStore promises. */
export function projectionStoreContract(options: ContractOptions<ProjectionStoreContext>): void {
  runContract(cases, options)
}

const isFenced = (error: unknown): boolean => isTidingsError(error, 'fenced')
const nothing = (): undefined => undefined

const cases: ContractCases<ProjectionStoreContext> = {
  'begins a build in each state once, with what creates its tables': async ({ store, write, rows }) => {
    const create = (tx: unknown, { build }: { readonly build: number }): void | Promise<void> =>
      write(tx, `build ${build}`)
    const live = await store.begin('list', 'live', create)
    deepStrictEqual(live, { projection: 'list', build: 1, state: 'live', position: undefined })
    deepStrictEqual(await store.begin('list', 'live', create), live)
    const building = await store.begin('list', 'building', create)
    deepStrictEqual([building.build, building.state], [2, 'building'])
    await store.begin('other', 'live', create)
    deepStrictEqual(await rows(), ['build 1', 'build 2', 'build 1'])
    deepStrictEqual(await store.checkpoints('list'), [live, building])
    equal((await store.checkpoints()).length, 3)
  },

  'begins nothing when its tables cannot be created': async (context) => {
    const failing = context.store.begin('list', 'live', failed(context))
    await rejects(failing, /no/)
    deepStrictEqual(await context.store.checkpoints(), [])
    deepStrictEqual(await context.rows(), [])
  },

  'moves the checkpoint with the writes of the read model': async ({ store, write, rows }) => {
    const live = await store.begin('list', 'live', nothing)
    await store.apply(live, undefined, '1', (tx) => write(tx, 'a'))
    await store.apply(live, '1', '2', (tx) => write(tx, 'b'))
    deepStrictEqual(await rows(), ['a', 'b'])
    equal((await store.checkpoints('list'))[0]?.position, '2')
  },

  'moves nothing when the writes fail': async (context) => {
    const live = await context.store.begin('list', 'live', nothing)
    await rejects(context.store.apply(live, undefined, '1', failed(context)), /no/)
    equal((await context.store.checkpoints('list'))[0]?.position, undefined)
    deepStrictEqual(await context.rows(), [])
  },

  'applies the same records once, whoever does': async ({ store, write, rows }) => {
    const live = await store.begin('list', 'live', nothing)
    const both = await Promise.allSettled(
      ['a', 'b'].map((row) => store.apply(live, undefined, '1', (tx) => write(tx, row))),
    )
    deepStrictEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    equal((await rows()).length, 1)
    await rejects(
      store.apply(live, undefined, '2', (tx) => write(tx, 'c')),
      isFenced,
    )
    equal((await rows()).length, 1)
  },

  'swaps a build in and forgets the one before, with its tables': async ({ store, write, rows }) => {
    const first = await store.begin('list', 'live', nothing)
    const second = await store.begin('list', 'building', nothing)
    await store.apply(second, undefined, '7', nothing)
    await store.swap(second, (tx, before) => write(tx, `without ${before?.build}`))
    deepStrictEqual(await rows(), ['without 1'])
    deepStrictEqual(await store.checkpoints('list'), [
      { projection: 'list', build: 2, state: 'live', position: '7' },
    ])
    await rejects(store.apply(first, undefined, '1', nothing), isFenced)
    await rejects(store.swap(second, nothing), isFenced)
    await rejects(store.swap(first, nothing), isFenced)
    equal((await store.begin('list', 'building', nothing)).build, 3)
  },

  'sets a build that is building back to the beginning, with its tables': async (context) => {
    const { store, write, rows } = context
    const live = await store.begin('list', 'live', nothing)
    const building = await store.begin('list', 'building', nothing)
    await store.apply(building, undefined, '7', nothing)
    await rejects(store.restart(building, failed(context)), /no/)
    deepStrictEqual(await store.checkpoints('list'), [live, { ...building, position: '7' }])
    await store.restart(building, (tx) => write(tx, 'anew'))
    deepStrictEqual(await store.checkpoints('list'), [live, building])
    deepStrictEqual(await rows(), ['anew'])
    await rejects(store.restart(live, nothing), isFenced)
    await rejects(store.apply(building, '7', '8', nothing), isFenced)
  },

  'swaps nothing in when that fails': async (context) => {
    const { store } = context
    await store.begin('list', 'live', nothing)
    const second = await store.begin('list', 'building', nothing)
    await rejects(store.swap(second, failed(context)), /no/)
    deepStrictEqual(
      (await store.checkpoints('list')).map(({ state }) => state),
      ['live', 'building'],
    )
  },
}

function fail(): never {
  throw new Error('no')
}

/** Writes that fail after the first, at once or when they are awaited. */
function failed({ write }: ProjectionStoreContext): (tx: unknown) => void | Promise<void> {
  return (tx) => {
    const written = write(tx, 'half')
    return written === undefined ? fail() : written.then(fail)
  }
}
