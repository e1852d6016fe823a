import { describe, expect, test } from 'vitest'
import { runInFlow } from '../event/index.ts'
import { memory, memoryInbox, memoryOutbox } from '../memory/index.ts'
import { instrument } from './index.ts'
import { openSdk } from './sdk.fixture.ts'

const trace = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, tracestate: undefined }
const inTrace = <Result>(run: () => Result): Result => runInFlow({ cause: undefined, trace }, run)

describe('A store that is instrumented', () => {
  test('has a span for what is called inside of a trace, and none for what is not', async () => {
    using sdk = openSdk()
    const store = await instrument(memoryOutbox())
    await store.figures()
    expect(sdk.spans()).toEqual([])
    await inTrace(() => store.figures())
    expect(sdk.spans().map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId])).toEqual([
      ['outbox figures', trace.spanId],
    ])
  })

  test('says what its method was refused with', async () => {
    using sdk = openSdk()
    const store = await instrument(memoryOutbox())
    const none = { relay: 'r', term: 7 }
    await expect(inTrace(() => store.settle(none, [1]))).rejects.toThrow(/^fenced/)
    expect(sdk.named('outbox settle')[0]?.attributes['error.type']).toBe('fenced')
  })

  test('has all else that its object has, and is itself when it is instrumented again', async () => {
    const inbox = memoryInbox()
    const once = await instrument(inbox)
    expect(once.rows).toBe(inbox.rows)
    expect(await instrument(once)).toBe(once)
  })

  test('does without an SDK what it does without', async () => {
    const store = await instrument(memoryOutbox())
    expect(await inTrace(() => store.figures())).toEqual({ pending: 0, oldestAgeMs: undefined, refused: 0 })
  })
})

describe('An engine that is instrumented', () => {
  test('has its dead letters with spans, too', async () => {
    using sdk = openSdk()
    const engine = await instrument(memory())
    await inTrace(() => engine.deadLetters.count())
    expect(sdk.spans().map(({ name }) => name)).toEqual(['dead-letter count'])
    await engine.close()
  })
})

test('What is no port cannot be instrumented', async () => {
  await expect(instrument({ name: 'x' })).rejects.toThrow(/^option_invalid: instrument got/)
})
