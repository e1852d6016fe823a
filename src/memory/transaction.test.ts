import { describe, expect, test } from 'vitest'
import { type MemoryTx, memoryTransaction } from './index.ts'

describe('A transaction of the memory stores', () => {
  test('makes all writes when its function returns, in their order', () => {
    const rows: string[] = []
    const result = memoryTransaction((tx) => {
      tx.afterCommit(() => rows.push('a'))
      tx.afterCommit(() => rows.push('b'))
      expect(rows).toEqual([])
      return 42
    })
    expect([result, rows]).toEqual([42, ['a', 'b']])
  })

  test('makes none when its function throws', () => {
    const rows: string[] = []
    const failing = (): unknown =>
      memoryTransaction((tx) => {
        tx.afterCommit(() => rows.push('a'))
        throw new Error('no')
      })
    expect(failing).toThrow('no')
    expect(rows).toEqual([])
  })

  test('takes nothing when it is over', () => {
    const kept: MemoryTx = memoryTransaction((tx) => tx)
    expect(() => kept.afterCommit(() => undefined)).toThrow(/^transaction_invalid/)
  })

  test('refuses a function that returns a Promise, and makes no write', () => {
    const rows: string[] = []
    const asynchronous = (): unknown => memoryTransaction(async (tx) => tx.afterCommit(() => rows.push('a')))
    expect(asynchronous).toThrow(/^transaction_async/)
    expect(rows).toEqual([])
  })
})
