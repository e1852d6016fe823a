import { expect, test } from 'vitest'
import { limits, TidingsError } from '../kernel/index.ts'
import { errorEntryOf } from './error-entry.ts'

const elsewhere = (): Error => new Error('x')
const thrown = (message: string, Kind: typeof Error = Error): Error => new Kind(message)

test('errors that are thrown at one place have one fingerprint, whatever ids are in their words', () => {
  expect(errorEntryOf(thrown('No order 1')).fingerprint).toBe(errorEntryOf(thrown('No order 2')).fingerprint)
})

test('another kind of error, or another place, has another', () => {
  const prints = [thrown('x'), thrown('x', TypeError), elsewhere()].map(
    (error) => errorEntryOf(error).fingerprint,
  )
  expect(new Set(prints).size).toBe(3)
})

test('the line to which a build has moved the place tells nothing apart', () => {
  const error = new Error('x')
  error.stack = 'Error: x\n    at save (/app/src/orders.ts:10:5)\n    at run (/app/src/main.ts:1:1)'
  const moved = new Error('y')
  moved.stack = 'Error: y\n    at save (/srv/build-7/src/orders.ts:99:1)'
  expect(errorEntryOf(error).fingerprint).toBe(errorEntryOf(moved).fingerprint)
})

test('of the message the first line is kept, cut', () => {
  const { reason, message } = errorEntryOf(new TidingsError('engine_busy', `${'x'.repeat(500)}\nsecret`))
  expect(reason).toBe('engine_busy')
  expect(message).toHaveLength(limits.journalMessageLength)
})

test('an error without a stack is known by its words', () => {
  const [a, b] = [new Error('a'), new Error('b')]
  for (const error of [a, b]) delete error.stack
  expect(errorEntryOf(a).fingerprint).not.toBe(errorEntryOf(b).fingerprint)
})
