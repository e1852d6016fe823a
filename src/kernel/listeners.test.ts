import { describe, expect, test, vi } from 'vitest'
import { Listeners } from './index.ts'

describe('Listeners', () => {
  test('are told until they stop, as often as each was added', () => {
    const listeners = new Listeners<[number]>()
    const told: number[] = []
    const listener = (number: number): void => void told.push(number)
    const stops = [listeners.add(listener), listeners.add(listener)]
    listeners.tell(1)
    stops[0]?.()
    listeners.tell(2)
    stops[0]?.()
    listeners.tell(3)
    stops[1]?.()
    listeners.tell(4)
    expect([told, listeners.size]).toEqual([[1, 1, 2, 3], 0])
  })

  test('that throw are a warning, and the others are told', () => {
    using warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const listeners = new Listeners()
    const failure = new Error('mine')
    let told = 0
    listeners.add(() => {
      throw failure
    })
    listeners.add(() => (told += 1))
    listeners.tell()
    expect([told, warned.mock.calls]).toEqual([1, [[failure]]])
  })
})
