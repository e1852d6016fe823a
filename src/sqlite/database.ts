import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { limits, TidingsError } from '../kernel/index.ts'
import { resultCode, sqliteCode, sqliteError } from './errors.ts'
import { formatVersion, type Part, tables } from './tables.ts'

/** Older ones can lose commits when two connections share a file (the WAL-reset bug, fixed in 3.51.3). */
const oldestSqlite = [3, 51, 3]

/** File systems whose locks or shared memory SQLite's WAL cannot rely on, by the magic number of statfs(2). */
const networkFileSystems: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xfe534d42: 'SMB2',
  0xff534d42: 'CIFS',
  0x01021997: '9p',
  0x65735546: 'FUSE',
}

/** Opens a connection as Tidings needs it: WAL, every commit synced, and both read back. */
export function openDatabase(file: string): DatabaseSync {
  checkSqliteVersion(process.versions.sqlite ?? '0')
  if (file !== ':memory:') checkFileSystem(file)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: 0 })
    withBusyRetries(() => prepareConnection(database as DatabaseSync, file))
    return database
  } catch (error) {
    database?.close()
    throw sqliteError(error, file)
  }
}

function prepareConnection(database: DatabaseSync, file: string): void {
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${limits.walBytes}`,
  )
  checkDurable(database, file)
}

/** Tells the file under a name from any other that is put there later; undefined for none, and for one in memory. */
export function fileIdentity(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats && `${stats.dev} ${stats.ino}`
}

/** @throws `not_durable` unless a commit on this connection is on disk when it returns. */
export function checkDurable(database: DatabaseSync, file: string): void {
  const journal = pragma(database, 'journal_mode')
  const synchronous = Number(pragma(database, 'synchronous'))
  if ((journal === 'wal' || file === ':memory:') && synchronous >= 2) return
  throw new TidingsError(
    'not_durable',
    `This connection to ${file} has journal_mode=${String(journal)} and synchronous=${synchronous}, so that a power cut can undo what was acknowledged. Set PRAGMA journal_mode=WAL and PRAGMA synchronous=FULL on it.`,
  )
}

export function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]
}

/**
 * Creates these of our tables, in one transaction, or checks that they are of this build's format. For the start of a
 * program: it blocks while another process holds the lock of the file, for up to `limits.busyMs`.
 */
export function createTables(database: DatabaseSync, file: string, parts: readonly Part[]): void {
  try {
    withBusyRetries(() => {
      const stored = storedFormats(database)
      if (!parts.every((part) => stored.has(part))) writeTables(database, parts)
    })
    const stored = storedFormats(database)
    for (const part of parts) checkFormat(file, stored.get(part))
  } catch (error) {
    throw sqliteError(error, file)
  }
}

/** @throws `file_version` unless it is this build's. */
function checkFormat(file: string, format: number | undefined): void {
  if (format === formatVersion) return
  const older = format !== undefined && format < formatVersion
  throw new TidingsError(
    'file_version',
    `${file} was written by ${older ? 'an older' : 'a newer'} Tidings (format ${format}, this one writes ${formatVersion}). ${older ? 'Open it with the version that wrote it, and copy its events.' : 'Upgrade this program.'}`,
  )
}

/** What is looked for in a file, for the sentence that says it is not there. */
const lookedFor = {
  log: { what: 'a log', filledBy: 'publishes to it', named: 'that events are published to' },
  outbox: { what: 'an outbox', filledBy: 'publishes through it', named: 'of the service' },
  projections: { what: 'projections', filledBy: 'keeps read models there', named: 'of the read models' },
  streams: { what: 'streams', filledBy: 'appends to them', named: 'of the service' },
  schemas: { what: 'schemas', filledBy: 'registers a schema there', named: 'of the schema registry' },
} as const

/** @throws `file_missing`, and `file_not_ours` for a file without this part of ours; the file is as it was. */
export function checkHas(file: string, part: keyof typeof lookedFor): void {
  const { what, filledBy, named } = lookedFor[part]
  if (!existsSync(file)) {
    throw new TidingsError(
      'file_missing',
      `There is no file ${file}. Check its name; the first program that ${filledBy} creates it.`,
    )
  }
  if (formatsIn(file).has(part)) return
  throw new TidingsError(
    'file_not_ours',
    `${file} is a SQLite database without ${what} of Tidings. Name the file ${named}.`,
  )
}

function formatsIn(file: string): ReadonlyMap<string, number> {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true })
    return storedFormats(database)
  } catch (error) {
    throw sqliteError(error, file)
  } finally {
    database?.close()
  }
}

function storedFormats(database: DatabaseSync): ReadonlyMap<string, number> {
  const exists = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'tidings_format'").get()
  if (exists === undefined) return new Map()
  const rows = database.prepare('SELECT part, version FROM tidings_format').all()
  return new Map(rows.map((row) => [String(row['part']), Number(row['version'])]))
}

function writeTables(database: DatabaseSync, parts: readonly Part[]): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec(
      'CREATE TABLE IF NOT EXISTS tidings_format (part TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT',
    )
    const stored = storedFormats(database)
    for (const part of parts.filter((each) => !stored.has(each))) {
      database.exec(tables[part])
      database.prepare('INSERT INTO tidings_format VALUES (?, ?)').run(part, formatVersion)
    }
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** At start, before anything runs that a wait could disturb, a busy file is simply waited for. */
function withBusyRetries(action: () => void): void {
  const waiting = new Int32Array(new SharedArrayBuffer(4))
  for (let attempt = 1; ; attempt++) {
    try {
      return action()
    } catch (error) {
      if (attempt === openAttempts || resultCode(error) !== sqliteCode.busy) throw error
      Atomics.wait(waiting, 0, 0, openRetryMs)
    }
  }
}

const openRetryMs = 5
const openAttempts = limits.busyMs / openRetryMs

/** @throws `not_durable` for a SQLite with the WAL-reset bug. */
export function checkSqliteVersion(version: string): void {
  const parts = version.split('.').map(Number)
  for (const [index, oldest] of oldestSqlite.entries()) {
    const part = parts[index] ?? 0
    if (part > oldest) return
    if (part < oldest) {
      throw new TidingsError(
        'not_durable',
        `SQLite ${version} of this Node can lose commits when several connections share a file. Use Node 24.12 or newer, which has ${oldestSqlite.join('.')} or newer.`,
      )
    }
  }
}

function checkFileSystem(file: string): void {
  let type: number
  try {
    type = statfsSync(dirname(file)).type
  } catch {
    return // There is no such folder: opening the file says so.
  }
  checkFileSystemType(file, type)
}

/** @throws `not_durable` for the statfs(2) type of a network file system. */
export function checkFileSystemType(file: string, type: number): void {
  const name = networkFileSystems[type >>> 0]
  if (name === undefined) return
  throw new TidingsError(
    'not_durable',
    `${file} is on a network file system (${name}), where SQLite's locks do not hold. Put it on a local disk.`,
  )
}
