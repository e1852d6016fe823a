import { afterEach, expect, test, vi } from 'vitest'
import type { DurabilityFinding } from '../log/index.ts'
import { memory } from '../memory/index.ts'
import { type Engine, openBus } from './index.ts'
import { catalog } from './orders.fixture.ts'

const weak: DurabilityFinding = {
  setting: 'min.insync.replicas',
  value: '1',
  topics: ['prod.orders'],
  verdict: 'weak',
  advice: 'Set 2.',
}
const unreadable: DurabilityFinding = { ...weak, value: 'not readable', verdict: 'unknown', advice: 'Ask.' }

/** An engine whose server was found like this. */
function found(...durability: readonly DurabilityFinding[]): Engine {
  return Object.assign(memory(), { probe: async () => ({ version: '1', durability }) })
}

const options = { source: '/tests', catalog, drainOn: false } as const
const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
afterEach(() => warnings.mockClear())

test('A bus on an engine that can lose what it acknowledged opens with one warning that says what to set', async () => {
  for (const setting of ['fsync', 'fsync'])
    await openBus({ ...options, transport: found(weak, { ...weak, setting }) }).then((bus) => bus.close())
  expect(warnings.mock.calls).toEqual([
    [
      'not_durable: memory can lose what it has acknowledged: min.insync.replicas of prod.orders is 1. Set 2. fsync of prod.orders is 1. Set 2.',
    ],
  ])
})

test('Where durability is required, such an engine is refused', async () => {
  await expect(openBus({ ...options, transport: found(weak), durability: 'required' })).rejects.toThrow(
    'not_durable: memory can lose what it has acknowledged: min.insync.replicas of prod.orders is 1. Set 2.',
  )
  expect(warnings.mock.calls).toEqual([])
})

test('What cannot be found out is no warning, and not enough where durability is required', async () => {
  await using _ = await openBus({ ...options, transport: found(unreadable) })
  expect(warnings.mock.calls).toEqual([])
  const required = openBus({ ...options, transport: found(unreadable), durability: 'required' })
  await expect(required).rejects.toThrow('not_durable: ')
})

test('Memory is known to keep nothing: no warning, and a refusal where durability is required', async () => {
  const transport: Engine = memory()
  await using _ = await openBus({ ...options, transport })
  expect(warnings.mock.calls).toEqual([])
  await expect(openBus({ ...options, transport, durability: 'required' })).rejects.toThrow(
    'not_durable: memory can lose what it has acknowledged: storage is memory.',
  )
})

test('An engine is asked for the topics of the catalog, by the names that it knows them under', async () => {
  const asked: (readonly string[])[] = []
  const transport = Object.assign(memory(), {
    probe: async (topics: readonly string[]) => {
      asked.push(topics)
      return { version: '1', durability: [weak] }
    },
  })
  await using _ = await openBus({ ...options, transport, namespace: 'prod' })
  expect(asked).toEqual([['prod.orders']])
  expect(warnings.mock.calls[0]?.[0]).toContain('of orders is 1.')
})

test('Another value of durability is refused', async () => {
  const wrong = openBus({ ...options, transport: memory(), durability: 'always' as never })
  await expect(wrong).rejects.toThrow('option_invalid: openBus got "always" as durability.')
})
