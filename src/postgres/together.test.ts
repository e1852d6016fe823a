import { describe, expect, test } from 'vitest'
import { settle, VirtualClock } from '../testing/index.ts'
import { Together } from './together.ts'

function opened(groups: number, most = 100) {
  const begun: (readonly string[])[] = []
  const ends: (() => void)[] = []
  const together = new Together<string>({
    clock: new VirtualClock(),
    groups,
    take: () => most,
    run(group) {
      begun.push(group)
      return new Promise((resolve) => ends.push(resolve))
    },
  })
  const add = (...items: readonly string[]): void => {
    for (const item of items) together.add(item)
  }
  return { together, begun, add, end: () => ends.shift()?.() }
}

describe('What is done together', () => {
  test('is what came in one turn of the event loop', async () => {
    const { begun, add } = opened(2)
    add('a')
    await Promise.resolve()
    add('b')
    expect(begun).toEqual([])
    await settle()
    add('c')
    await settle()
    expect(begun).toEqual([['a', 'b'], ['c']])
  })

  test('is what came while as many groups as may be were under way', async () => {
    const { begun, add, end } = opened(1)
    add('a')
    await settle()
    add('b')
    await settle()
    add('c')
    await settle()
    expect(begun).toEqual([['a']])
    end()
    await settle()
    expect(begun).toEqual([['a'], ['b', 'c']])
  })

  test('is never more than one group is to hold', async () => {
    const { begun, add, end } = opened(2, 2)
    add('a', 'b', 'c', 'd', 'e')
    await settle()
    expect(begun).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
    end()
    await settle()
    expect(begun.at(-1)).toEqual(['e'])
  })

  test('has settled when nothing waits and nothing is under way', async () => {
    const { together, begun, add, end } = opened(1, 1)
    await together.settled()
    add('a', 'b')
    let settled = false
    const waiting = together.settled().then(() => (settled = true))
    await settle()
    end()
    await settle()
    expect([begun.length, settled]).toEqual([2, false])
    end()
    await waiting
  })
})
