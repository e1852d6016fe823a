import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { memory, memoryOutbox } from '../src/memory/index.ts'
import { sqlite, sqliteOutbox } from '../src/sqlite/index.ts'
import { openSdk } from '../src/tracing/sdk.fixture.ts'
import { followOneOrder, transactInMemory } from './one-trace.ts'

test('One order is one trace in memory: through an outbox, three groups, a retry, a redrive and a replay', async () => {
  using sdk = openSdk()
  const outbox = memoryOutbox()
  await followOneOrder({ engine: memory(), outbox, transact: transactInMemory, namespace: 'shop' }, sdk)
  expect(sdk.spans().length).toBeGreaterThan(0)
})

test('One order is one trace on SQLite: through an outbox, three groups, a retry, a redrive and a replay', async () => {
  using sdk = openSdk()
  const folder = mkdtempSync(join(tmpdir(), 'tidings-trace-'))
  const database = new DatabaseSync(join(folder, 'orders.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  const outbox = sqliteOutbox(database)
  const transact = (write: (tx: never) => unknown): unknown => {
    database.exec('BEGIN IMMEDIATE')
    write(database as never)
    return database.exec('COMMIT')
  }
  try {
    const engine = await sqlite(join(folder, 'log.db'))
    await followOneOrder({ engine, outbox, transact, namespace: 'shop' }, sdk)
  } finally {
    await outbox.close()
    database.close()
    rmSync(folder, { recursive: true })
  }
  expect(sdk.spans().length).toBeGreaterThan(0)
})
