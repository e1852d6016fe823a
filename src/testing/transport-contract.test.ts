import { expect, test } from 'vitest'
import type { Capabilities } from '../log/index.ts'
import { memory } from '../memory/index.ts'
import { type TestRunner, transportContract } from './index.ts'

/** The names of the cases that would run, and of those that would be skipped. */
function registered(
  capabilities: Partial<Capabilities>,
  skip?: Record<string, string>,
): [string[], string[]] {
  const [run, skipped]: [string[], string[]] = [[], []]
  const runner: TestRunner = Object.assign((name: string) => run.push(name), {
    skip: (name: string) => skipped.push(name),
  })
  transportContract({
    test: runner,
    capabilities: { ...memory().capabilities, ...capabilities },
    skip,
    open: () => Promise.reject(new Error('No case is run here.')),
  })
  return [run, skipped]
}

test('A complete engine is held to every case', () => {
  const [run, skipped] = registered({})
  expect([run.length > 30, skipped]).toEqual([true, []])
})

test('Cases of what an engine declares to lack are skipped, with that as the reason', () => {
  const [run, skipped] = registered({ fencing: false, lag: 'approximate', handover: 'overlapping' })
  expect(run).toContain('gives every group every record')
  const reasons = new Set(skipped.map((name) => name.slice(name.lastIndexOf('(') + 1, -1)))
  expect([...reasons].toSorted()).toEqual([
    'it does not fence members',
    'its handover is overlapping',
    'its lag is declared as approximate',
  ])
})

test('An engine whose members share the partitions is held to that instead of to owners', () => {
  const [run, skipped] = registered({ handover: 'shared' })
  expect(run).toContain('gives every member all partitions, and every event to one of them')
  expect(skipped.map((name) => name.slice(0, name.lastIndexOf(' (')))).toContain(
    'splits the partitions among the members, and again when one joins or leaves',
  )
})

test('What an adapter skips itself must be a case', () => {
  expect(registered({}, { 'gives every group every record': 'no groups' })[1]).toEqual([
    'gives every group every record (no groups)',
  ])
  expect(() => registered({}, { 'gives no group anything': 'a typing error' })).toThrow(/no case called/)
})
