import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { checkDurable, checkFileSystemType, checkSqliteVersion, openDatabase, pragma } from './database.ts'
import { sqlite, sqliteInbox } from './index.ts'
import { folder } from './sqlite.fixture.ts'
import { formatVersion } from './tables.ts'

describe('A connection', () => {
  test('syncs every commit, and says so when asked', async () => {
    using files = folder()
    for (const database of [openDatabase(files.file()), openDatabase(files.file())]) {
      expect([pragma(database, 'journal_mode'), pragma(database, 'synchronous')]).toEqual(['wal', 2])
      database.close()
    }
    const engine = await sqlite(files.file())
    expect(pragma(engine.database, 'synchronous')).toBe(2)
    await engine.close()
  })

  test('keeps its log from growing without bound', () => {
    using files = folder()
    const database = openDatabase(files.file())
    expect(pragma(database, 'journal_size_limit')).toBe(67_108_864)
    database.close()
  })

  test.each([
    ['PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL', 'synchronous=1'],
    ['PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF', 'synchronous=0'],
    ['PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL', 'journal_mode=delete'],
  ])('of the caller is refused after %s', (pragmas, said) => {
    using files = folder()
    const database = new DatabaseSync(files.file())
    database.exec(pragmas)
    expect(() => checkDurable(database, files.file())).toThrow(new RegExp(`^not_durable: .*${said}`))
    expect(() => sqliteInbox(database)).toThrow(/^not_durable/)
    database.close()
  })

  test('that syncs more than is needed is as good', () => {
    using files = folder()
    const database = openDatabase(files.file())
    database.exec('PRAGMA synchronous = EXTRA')
    expect(() => checkDurable(database, files.file())).not.toThrow()
    database.close()
  })
})

describe('SQLite', () => {
  test.each(['3.51.2', '3.50.9', '3.44.6', '2.8.17', '0'])(
    '%s can lose commits, and is refused',
    (version) => {
      expect(() => checkSqliteVersion(version)).toThrow(/^not_durable: SQLite .* Use Node 24.12 or newer/)
    },
  )

  test.each(['3.51.3', '3.52.0', '3.53.4', '4.0.0'])('%s is new enough', (version) => {
    expect(() => checkSqliteVersion(version)).not.toThrow()
  })

  test.each([
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    [0xff534d42 | 0, 'CIFS'],
    [0xfe534d42, 'SMB2'],
    [0x01021997, '9p'],
    [0x65735546, 'FUSE'],
  ])('on a file system of type %d is refused', (type, name) => {
    expect(() => checkFileSystemType('shop.db', type)).toThrow(new RegExp(`^not_durable: .*\\(${name}\\)`))
  })

  test.each([
    [0xef53, 'ext4'],
    [0x58465342, 'XFS'],
    [0x01021994, 'tmpfs'],
  ])('on a file system of type %d (%s) is fine', (type) => {
    expect(() => checkFileSystemType('shop.db', type)).not.toThrow()
  })
})

describe('A file', () => {
  test('that is not there is created, with our tables beside those of the caller', async () => {
    using files = folder()
    const own = openDatabase(files.file())
    own.exec("CREATE TABLE customer (name TEXT); INSERT INTO customer VALUES ('Ana')")
    const engine = await sqlite(files.file())
    expect(await engine.admin.topics()).toEqual([])
    await engine.close()
    expect(own.prepare('SELECT name FROM customer').get()).toEqual({ name: 'Ana' })
    own.close()
  })

  test('may be opened by several at the same time, also when it is new', async () => {
    using files = folder()
    const engines = await Promise.all(Array.from({ length: 4 }, () => sqlite(files.file())))
    for (const engine of engines) await engine.close()
  })

  test('in memory alone is an engine too', async () => {
    const engine = await sqlite(':memory:')
    expect(await engine.admin.topics()).toEqual([])
    await engine.close()
  })

  test('that is not of SQLite is refused, and stays as it is', async () => {
    using files = folder()
    const text = 'orderId,total\n'.repeat(1_000)
    writeFileSync(files.file(), text)
    await expect(sqlite(files.file())).rejects.toThrow(/^file_not_ours: .*log\.db is not a SQLite database/)
    expect(readFileSync(files.file(), 'utf8')).toBe(text)
  })

  test('in a folder that is not there, or that is a folder, cannot be opened', async () => {
    using files = folder()
    await expect(sqlite(join(files.path, 'missing', 'log.db'))).rejects.toThrow(
      /^engine_unreachable: .*folder/,
    )
    await expect(sqlite(files.path)).rejects.toThrow(/^engine_unreachable/)
  })

  test.each([
    [formatVersion - 1, 'an older', 'Open it with the version that wrote it'],
    [formatVersion + 1, 'a newer', 'Upgrade this program'],
  ])('of format %d was written by another Tidings, and is refused', async (version, age, advice) => {
    using files = folder()
    await (await sqlite(files.file())).close()
    const database = openDatabase(files.file())
    database.prepare('UPDATE tidings_format SET version = ?').run(version)
    database.close()
    await expect(sqlite(files.file())).rejects.toThrow(new RegExp(`^file_version: .* ${age} .*${advice}`))
  })

  test('of a log has the tables of the inbox, so that nothing waits for a lock when that is asked for', async () => {
    using files = folder()
    const engine = await sqlite(files.file())
    const other = openDatabase(files.file())
    other.exec('BEGIN IMMEDIATE')
    const inbox = engine.inbox()
    expect(await inbox.handled('billing', 0, [{ source: '/orders', id: '1' }])).toEqual([false])
    other.close()
    await engine.close()
  })

  test('whose inbox is of the format before run numbers is refused, and stays as it is', () => {
    using files = folder()
    const before = new DatabaseSync(files.file())
    before.exec(`
      CREATE TABLE tidings_format (part TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;
      INSERT INTO tidings_format VALUES ('inbox', 1);
      CREATE TABLE tidings_inbox (
        group_name TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, handled_at INTEGER NOT NULL,
        PRIMARY KEY (group_name, source, id)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO tidings_inbox VALUES ('billing', '/orders', '1', 1);`)
    before.close()
    expect(() => sqliteInbox(files.file())).toThrow(
      /^file_version: .*log\.db was written by an older Tidings \(format 1, this one writes 2\)\. Open it with the version that wrote it/,
    )
    const after = new DatabaseSync(files.file())
    expect(after.prepare('SELECT count(*) AS count FROM tidings_inbox').get()?.['count']).toBe(1)
    after.close()
  })

  test('whose inbox is of another format is refused as an inbox', () => {
    using files = folder()
    void sqliteInbox(files.file()).close()
    const database = openDatabase(files.file())
    database.prepare('UPDATE tidings_format SET version = 9').run()
    expect(() => sqliteInbox(files.file())).toThrow(/^file_version/)
    database.close()
  })

  test('whose tables are damaged is refused', async () => {
    using files = folder()
    await (await sqlite(files.file())).close()
    const file = openSync(files.file(), 'r+')
    writeSync(file, Buffer.alloc(statSync(files.file()).size - 100, 0xff), 0, undefined, 100)
    closeSync(file)
    await expect(sqlite(files.file())).rejects.toThrow(/^file_corrupt: .*Restore|^file_corrupt: .*restore/)
  })
})

/** Opens and writes as a user without rights, in a process of its own; prints what it was told. */
function asNobody(file: string): string {
  const script = `
    import { sqlite } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    process.setgid?.(65534); process.setuid?.(65534)
    const retention = { ageMs: undefined, bytes: undefined }
    try {
      const engine = await sqlite(process.argv[1])
      await engine.admin.createTopic({ name: 'new', partitions: 1, retention })
      console.log('written')
    } catch (error) { console.log(error.code) }
    process.exit()`
  return execFileSync(process.execPath, ['--input-type=module', '-e', script, file], {
    encoding: 'utf8',
  }).trim()
}

describe.skipIf(process.getuid?.() !== 0)(
  'Without the right to write (tested as root, who can become another user)',
  () => {
    test('a file cannot be used, whether it is open elsewhere or not', async () => {
      using files = folder()
      chmodSync(files.path, 0o755)
      const engine = await sqlite(files.file())
      expect(asNobody(files.file())).toBe('file_read_only')
      await engine.close()
      expect(asNobody(files.file())).toBe('file_read_only')
    })

    test('a file cannot be created in a folder', () => {
      using files = folder()
      chmodSync(files.path, 0o755)
      expect(asNobody(files.file())).toBe('engine_unreachable')
    })

    test('to a file, its folder alone does not help', async () => {
      using files = folder()
      chmodSync(files.path, 0o777)
      await (await sqlite(files.file())).close()
      copyFileSync(files.file(), files.file('copy.db'))
      chmodSync(files.file('copy.db'), 0o444)
      expect(asNobody(files.file('copy.db'))).toBe('file_read_only')
    })
  },
)
