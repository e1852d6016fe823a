import { describe, expect, test } from 'vitest'
import { currentFlow, currentTrace, type Flow, runInFlow } from './flow.ts'

const fails = (): never => {
  throw new Error('no')
}
const idLater = async (): Promise<string | undefined> => {
  await new Promise(setImmediate)
  return currentFlow()?.cause?.id
}
const flowOf = (id: string): Flow => ({ cause: { id }, trace: undefined })

describe('A flow', () => {
  test('is that of a function and all that it awaits', async () => {
    const flow = flowOf('a')
    const seen = await runInFlow(flow, async () => {
      await Promise.resolve()
      return currentFlow()
    })
    expect(seen).toBe(flow)
    expect(currentFlow()).toBeUndefined()
  })

  test('is not that of others at work at the same time', async () => {
    const ids = ['a', 'b', 'c']
    expect(await Promise.all(ids.map((id) => runInFlow(flowOf(id), idLater)))).toEqual(ids)
  })

  test('hands on what the function throws', () => {
    expect(() => runInFlow(flowOf('a'), fails)).toThrow('no')
    expect(currentFlow()).toBeUndefined()
  })

  test('has the span that was begun in it', () => {
    const trace = { traceId: '1', spanId: '2', traceFlags: 1, tracestate: undefined }
    expect(runInFlow({ cause: undefined, trace }, currentTrace)).toBe(trace)
    expect(currentTrace()).toBeUndefined()
  })
})
