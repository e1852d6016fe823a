import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type Clock, seededRandom } from '../kernel/index.ts'
import { VirtualClock } from '../testing/index.ts'
import { createTables, openDatabase } from './database.ts'
import { SqliteLogStore } from './log-store.ts'
import { Writer } from './writer.ts'

export interface Folder extends Disposable {
  readonly path: string
  file(name?: string): string
}

/** A folder of a test's own, gone with it. */
export function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'tidings-'))
  return {
    path,
    file: (name = 'log.db') => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

export interface OpenedStore<C extends Clock = VirtualClock> extends AsyncDisposable {
  readonly file: string
  readonly database: DatabaseSync
  readonly writer: Writer
  readonly store: SqliteLogStore
  readonly clock: C
}

/** The parts of the engine on a file, with time in the test's hands. */
export function openStore(file: string): OpenedStore {
  return openStoreOn(file, new VirtualClock())
}

export function openStoreOn<C extends Clock>(file: string, clock: C): OpenedStore<C> {
  const database = openDatabase(file)
  createTables(database, file, ['log', 'inbox'])
  const writer = new Writer(database, file, clock, seededRandom(1))
  const store = new SqliteLogStore(writer, clock)
  return {
    file,
    database,
    writer,
    store,
    clock,
    async [Symbol.asyncDispose]() {
      await store.close()
      database.close()
    },
  }
}

/** How many transactions a WAL file holds: the last frame of each carries the size of the database. */
export function commitsIn(file: string): number {
  const wal = readFileSync(`${file}-wal`)
  const frameBytes = 24 + wal.readUInt32BE(8)
  let commits = 0
  for (let at = 32; at + frameBytes <= wal.length; at += frameBytes) {
    if (wal.readUInt32BE(at + 4) !== 0) commits += 1
  }
  return commits
}
