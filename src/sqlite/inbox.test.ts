import { describe, expect, test } from 'vitest'
import type { InboxClaim } from '../inbox/index.ts'
import { limits } from '../kernel/index.ts'
import { VirtualClock } from '../testing/index.ts'
import { openDatabase } from './database.ts'
import { sqliteInbox } from './index.ts'
import { folder } from './sqlite.fixture.ts'

function claim(id: string, generation = 1): InboxClaim {
  return {
    fence: { group: 'billing', topic: 'orders', partition: 0, generation },
    runNumber: 0,
    keys: [{ source: '/orders', id }],
    check: () => undefined,
    committed: () => undefined,
  }
}

describe('An inbox in a SQLite file', () => {
  test('remembers after the file was closed and opened again', async () => {
    using files = folder()
    const first = sqliteInbox(files.file())
    await first.transaction(claim('1', 3))((tx) => tx.exec('CREATE TABLE invoice (id TEXT)'))
    await first.close()
    await first.close()
    const again = sqliteInbox(files.file())
    expect(await again.handled('billing', 0, [{ source: '/orders', id: '1' }])).toEqual([true])
    await expect(again.record(claim('2', 2))).rejects.toThrow(/^fenced: .* generation 3 /)
    await again.close()
  })

  test('forgets in slices, between which others write', async () => {
    using files = folder()
    const clock = new VirtualClock()
    const inbox = sqliteInbox(files.file(), { clock })
    const many = limits.groupCommitRecords + 1
    const keys = Array.from({ length: many }, (_, id) => ({ source: '/orders', id: `${id}` }))
    await inbox.record({ ...claim('old'), keys })
    await clock.advance(1)
    let isPruned = false
    const pruned = inbox.prune('billing', clock.now()).finally(() => {
      isPruned = true
    })
    await inbox.record(claim('new'))
    expect(isPruned).toBe(false)
    expect(await pruned).toBe(many)
    expect(await inbox.handled('billing', 0, [{ source: '/orders', id: 'new' }])).toEqual([true])
    await inbox.close()
  })

  test('of several processes fences the older member, whoever wrote last', async () => {
    using files = folder()
    const [old, fresh] = [sqliteInbox(files.file()), sqliteInbox(files.file())]
    await old.record(claim('1', 1))
    await fresh.record(claim('2', 2))
    await expect(old.record(claim('3', 1))).rejects.toThrow(/^fenced/)
    expect(await fresh.handled('billing', 0, [{ source: '/orders', id: '3' }])).toEqual([false])
    await Promise.all([old.close(), fresh.close()])
  })

  test("leaves the caller's connection open", async () => {
    using files = folder()
    const database = openDatabase(files.file())
    const inbox = sqliteInbox(database)
    await inbox.record(claim('1'))
    await inbox.close()
    expect(database.isOpen).toBe(true)
    database.close()
  })

  test('finishes what was begun before it closes', async () => {
    using files = folder()
    const inbox = sqliteInbox(files.file())
    const recorded = inbox.record(claim('1'))
    await inbox.close()
    await expect(recorded).resolves.toBeUndefined()
  })

  test('gives up after the busy limit, and nothing is written', async () => {
    using files = folder()
    const clock = new VirtualClock()
    const inbox = sqliteInbox(files.file(), { clock })
    const other = openDatabase(files.file())
    other.exec('BEGIN IMMEDIATE')
    const refused = expect(inbox.record(claim('1'))).rejects.toThrow(/^engine_busy/)
    await clock.advance(limits.busyMs + 2)
    await refused
    other.close()
    expect(await inbox.handled('billing', 0, [{ source: '/orders', id: '1' }])).toEqual([false])
    await inbox.close()
  })
})
