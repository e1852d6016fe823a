import { describe, expect, test } from 'vitest'
import { currentFlow, currentTrace } from '../event/index.ts'
import { continueTrace } from './index.ts'

const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
const tracestate = 'vendor=1'

describe('A request', () => {
  test.each([
    ['of fetch', new Headers({ traceparent, tracestate })],
    ['of node:http', { traceparent, tracestate }],
    ['of node:http with several headers', { traceparent, tracestate: ['vendor=1'] }],
  ])('%s is continued by what answers it, after an await, too', async (_whose, headers) => {
    const seen = await continueTrace(headers, async () => {
      await Promise.resolve()
      return currentTrace()
    })
    expect(seen).toEqual({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, tracestate })
    expect(currentTrace()).toBeUndefined()
  })

  test.each([
    ['without a traceparent', {}],
    ['with a traceparent that is none', { traceparent: 'x'.repeat(100_000) }],
    ['with two', { traceparent: [traceparent, traceparent] }],
  ])('%s is a flow whose trace what is published first begins', (_what, headers) => {
    continueTrace(headers, () => {
      expect(currentFlow()).toEqual({ cause: undefined, trace: undefined })
    })
  })

  test('gets what the function returns, or throws', () => {
    expect(continueTrace({}, () => 7)).toBe(7)
    expect(() => continueTrace({}, fails)).toThrow('no')
  })
})

const fails = (): never => {
  throw new Error('no')
}
