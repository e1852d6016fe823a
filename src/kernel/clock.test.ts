import { describe, expect, test, vi } from 'vitest'
import { VirtualClock } from '../testing/index.ts'
import { sleep, systemClock } from './index.ts'

describe('Sleep', () => {
  test('ends after its time', async () => {
    const clock = new VirtualClock()
    const woke = vi.fn()
    void sleep(clock, 1_000).then(woke)
    await clock.advance(999)
    expect(woke).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(woke).toHaveBeenCalledOnce()
  })

  test('ends at once when its signal aborts, and never rejects', async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const slept = sleep(clock, 1_000, controller.signal)
    controller.abort(new Error('stop'))
    await expect(slept).resolves.toBeUndefined()
    await expect(sleep(clock, 1_000, AbortSignal.abort())).resolves.toBeUndefined()
  })
})

describe('The system clock', () => {
  test('tells wall time, and a monotonic time that is the same for all processes of the machine', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(100)
    expect(Math.abs(systemClock.monotonic() - Number(process.hrtime.bigint()) / 1e6)).toBeLessThan(100)
  })

  test('calls back, unless cancelled', async () => {
    const called = vi.fn()
    systemClock.schedule(0, called).cancel()
    await new Promise<void>((resolve) => systemClock.schedule(2, resolve))
    expect(called).not.toHaveBeenCalled()
  })

  test('waits longer than a timer of Node can, without firing at once', () => {
    const called = vi.fn()
    const timer = systemClock.schedule(2 ** 40, called, { background: true })
    expect(called).not.toHaveBeenCalled()
    timer.cancel()
  })

  test('defers until what is queued in this turn has run', async () => {
    const order: string[] = []
    await new Promise<void>((resolve) => {
      systemClock.defer(() => {
        order.push('deferred')
        resolve()
      })
      void Promise.resolve().then(() => order.push('microtask'))
    })
    expect(order).toEqual(['microtask', 'deferred'])
  })
})
