import { describe, expect, test } from 'vitest'
import { Turns } from './turns.ts'

function recorder() {
  const seen: string[] = []
  const step =
    (name: string, fails = false) =>
    async () => {
      seen.push(`${name} begins`)
      await Promise.resolve()
      if (fails) throw new Error(name)
      seen.push(`${name} ends`)
      return name
    }
  return { seen, step }
}

describe('Turns', () => {
  test('run what has one name one after the other, in the order it came', async () => {
    const turns = new Turns()
    const { seen, step } = recorder()
    expect(await Promise.all([turns.run('7', step('a')), turns.run('7', step('b'))])).toEqual(['a', 'b'])
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  })

  test('run what has different names side by side', async () => {
    const turns = new Turns()
    const { seen, step } = recorder()
    await Promise.all([turns.run('7', step('a')), turns.run('8', step('b'))])
    expect(seen.slice(0, 2)).toEqual(['a begins', 'b begins'])
  })

  test('go on after one that failed', async () => {
    const turns = new Turns()
    const { step } = recorder()
    const both = await Promise.allSettled([turns.run('7', step('a', true)), turns.run('7', step('b'))])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  })

  test('count who runs and waits, and forget a name that nobody has', async () => {
    const turns = new Turns()
    const { step } = recorder()
    const both = [turns.run('7', step('a')), turns.run('7', step('b'))]
    expect(turns.count('7')).toBe(2)
    await Promise.all(both)
    await Promise.resolve()
    await new Promise(setImmediate)
    expect(turns.count('7')).toBe(0)
  })

  test('have something between two of one name, for which nobody else waits', async () => {
    const between = Promise.withResolvers<void>()
    const turns = new Turns(() => between.promise)
    const { seen, step } = recorder()
    const second = [turns.run('7', step('a')), turns.run('7', step('b'))][1]
    await turns.run('8', step('c'))
    expect(seen).not.toContain('b begins')
    between.resolve()
    expect(await second).toBe('b')
  })
})
