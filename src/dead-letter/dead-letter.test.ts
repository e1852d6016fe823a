import { describe, expect, test } from 'vitest'
import { limits, TidingsError } from '../kernel/index.ts'
import { deadLetterId, failureOf } from './index.ts'

describe('A dead letter', () => {
  test('is one for the same event of the same group', () => {
    const place = { topic: 'orders', partition: 3, offset: 17 }
    expect(deadLetterId('billing', place)).toBe('billing/orders/3/17')
    expect(deadLetterId('audit', place)).not.toBe(deadLetterId('billing', place))
  })

  test('keeps the code and the words of an error of ours', () => {
    const failure = failureOf(new TidingsError('handler_timeout', 'It took 30 s. Await less.'))
    expect([failure.reason, failure.message]).toEqual(['handler_timeout', 'It took 30 s. Await less.'])
  })

  test('keeps name, words and stack of any other error, with all its causes', () => {
    const cause = new RangeError('the root', { cause: 'not an error' })
    const { reason, message, stack } = failureOf(new TypeError('no card', { cause }))
    expect([reason, message]).toEqual(['handler_failed', 'TypeError: no card'])
    expect(stack).toMatch(/^TypeError: no card\n\s+at [^]*\nCaused by: RangeError: the root\n\s+at /)
  })

  test('takes what is not an Error', () => {
    expect(failureOf('no').reason).toBe('handler_failed')
    expect(failureOf(undefined).message).toContain('undefined')
    expect(failureOf(Object.assign(new Error('no stack'), { stack: undefined })).stack).toBe(
      'Error: no stack',
    )
  })

  test('cuts what is too long', () => {
    const { message, stack } = failureOf(new Error('x'.repeat(100_000)))
    expect(message.length).toBe(limits.errorLength + 1)
    expect(stack.length).toBe(limits.errorLength + 1)
  })

  test('ends with causes that go round in a circle', () => {
    const first = new Error('first')
    first.cause = new Error('second', { cause: first })
    expect(failureOf(first).stack).toContain('Caused by: Error: second')
  })
})
