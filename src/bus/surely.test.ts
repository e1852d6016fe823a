import { describe, expect, test } from 'vitest'
import { TidingsError } from '../kernel/index.ts'
import { settle, VirtualClock } from '../testing/virtual-clock.ts'
import { surely } from './surely.ts'

/** An action that fails until it is mended, tried in a time of its own. */
function failing(): {
  readonly clock: VirtualClock
  readonly stopping: AbortController
  readonly tried: () => number
  readonly result: Promise<string | Error>
  mended: boolean
} {
  const clock = new VirtualClock()
  const stopping = new AbortController()
  let times = 0
  const goOn = (): boolean => !stopping.signal.aborted
  const action = async (): Promise<string> => {
    times += 1
    if (!store.mended) throw new TidingsError('storage_full', 'The disk is full.')
    return 'done'
  }
  const result = surely(clock, stopping.signal, goOn, action).catch((error: Error) => error)
  const store = { clock, stopping, tried: () => times, result, mended: false }
  return store
}

describe('What must be written', () => {
  test('is tried every second until it is', async () => {
    const store = failing()
    await store.clock.advance(2_500)
    expect(store.tried()).toBe(3)
    store.mended = true
    await store.clock.advance(500)
    expect(await store.result).toBe('done')
  })

  test('is tried once more at once when the member stops, and given up', async () => {
    const store = failing()
    await settle()
    store.stopping.abort()
    expect(await store.result).toMatchObject({ code: 'storage_full' })
    expect(store.tried()).toBe(2)
  })

  test('is given up at once when another has taken the place of the member', async () => {
    const fenced = new TidingsError('fenced', 'Another process has its place.')
    const { signal } = new AbortController()
    const action = (): Promise<never> => Promise.reject(fenced)
    await expect(surely(new VirtualClock(), signal, () => true, action)).rejects.toBe(fenced)
  })
})
