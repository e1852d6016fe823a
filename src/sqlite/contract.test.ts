import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'vitest'
import { inNamespace } from '../bus/index.ts'
import { seededRandom } from '../kernel/index.ts'
import {
  deadLetterStoreContract,
  inboxStoreContract,
  logStoreContract,
  outboxStoreContract,
  projectionStoreContract,
  schemaStoreContract,
  streamStoreContract,
  transportContract,
  VirtualClock,
} from '../testing/index.ts'
import { registerSdk } from '../tracing/registered-sdk.fixture.ts'
import { sqliteCapabilities } from './capabilities.ts'
import { openDatabase } from './database.ts'
import { SqliteDeadLetterStore } from './dead-letter-store.ts'
import { sqliteInbox } from './inbox.ts'
import { sqliteOutbox } from './outbox.ts'
import { sqliteProjections } from './projection-store.ts'
import { sqliteSchemaStore } from './schema-store.ts'
import { folder, openStore } from './sqlite.fixture.ts'
import { sqlite } from './sqlite.ts'
import { sqliteStreams } from './stream-store.ts'

registerSdk()

describe('The log in a SQLite file', () => {
  logStoreContract({
    test,
    async open() {
      const files = folder()
      const opened = openStore(files.file())
      return {
        ...opened,
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]().then(files[Symbol.dispose]),
      }
    },
  })
})

describe('The dead letters in a SQLite file', () => {
  deadLetterStoreContract({
    test,
    async open() {
      const files = folder()
      const opened = openStore(files.file())
      return {
        store: new SqliteDeadLetterStore(opened.writer, opened.store.changes, { fenced: true }),
        log: opened.store,
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]().then(files[Symbol.dispose]),
      }
    },
  })
})

describe('The schemas in a SQLite file', () => {
  schemaStoreContract({
    test,
    async open() {
      const files = folder()
      const store = sqliteSchemaStore(files.file())
      return { store, [Symbol.asyncDispose]: () => store.close().then(files[Symbol.dispose]) }
    },
  })
})

/** The file of a service, with rows of its own beside what a store keeps there. */
function serviceFile() {
  const files = folder()
  const database = openDatabase(files.file('service.db'))
  database.exec('CREATE TABLE invoice (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT')
  return {
    database,
    write(tx: unknown, row: string): void {
      if (!(tx instanceof DatabaseSync)) throw new TypeError('not a connection')
      tx.prepare('INSERT INTO invoice (text) VALUES (?)').run(row)
    },
    rows: async (): Promise<string[]> =>
      database
        .prepare('SELECT text FROM invoice ORDER BY id')
        .all()
        .map((row) => String(row['text'])),
    /** Closes a store, and then the file. */
    async closeWith(store: { close(): Promise<void> }): Promise<void> {
      await store.close()
      database.close()
      files[Symbol.dispose]()
    },
  }
}

describe('The inbox in a SQLite file', () => {
  inboxStoreContract({
    test,
    async open() {
      const clock = new VirtualClock()
      const file = serviceFile()
      const inbox = sqliteInbox(file.database, { clock })
      return {
        inbox,
        clock,
        transact: (claim, run) => inbox.transaction(claim)((tx) => run((row) => file.write(tx, row))),
        rows: () => file.rows(),
        [Symbol.asyncDispose]: () => file.closeWith(inbox),
      }
    },
  })
})

describe.each([
  ['in a SQLite file', 'service.db'],
  ['in a SQLite database in memory', ':memory:'],
])('The outbox %s', (_name, name) => {
  outboxStoreContract({
    test,
    async open() {
      const files = folder()
      const clock = new VirtualClock()
      const database = openDatabase(name === ':memory:' ? name : files.file(name))
      const store = sqliteOutbox(database, { clock })
      return {
        store,
        clock,
        async transact(run) {
          database.exec('BEGIN IMMEDIATE')
          try {
            await run((records) => store.add(database, records))
            database.exec('COMMIT')
          } catch (error) {
            database.exec('ROLLBACK')
            throw error
          }
        },
        addLate: async (records) => store.add(database, records),
        async [Symbol.asyncDispose]() {
          await store.close()
          database.close()
          files[Symbol.dispose]()
        },
      }
    },
  })
})

describe.each([
  ['The SQLite engine', undefined],
  ['The SQLite engine in a namespace', 'staging'],
] as const)('%s', (_name, namespace) => {
  transportContract({
    test,
    capabilities: sqliteCapabilities,
    async open() {
      const files = folder()
      const clock = new VirtualClock()
      const engine = await sqlite(files.file(), { clock, random: seededRandom(1) })
      const transport = inNamespace(engine, namespace)
      return {
        transport,
        admin: transport.admin,
        clock,
        [Symbol.asyncDispose]: () => transport.close().then(files[Symbol.dispose]),
      }
    },
  })
})

describe('The streams in a SQLite file', () => {
  streamStoreContract({
    test,
    async open() {
      const clock = new VirtualClock()
      const file = serviceFile()
      const store = sqliteStreams(file.database, { clock, random: seededRandom(1) })
      return {
        store,
        clock,
        write: (tx, row) => file.write(tx, row),
        rows: () => file.rows(),
        [Symbol.asyncDispose]: () => file.closeWith(store),
      }
    },
  })
})

describe('The projections in a SQLite file', () => {
  projectionStoreContract({
    test,
    async open() {
      const file = serviceFile()
      const store = sqliteProjections(file.database, { clock: new VirtualClock() })
      return {
        store,
        write: (tx, row) => file.write(tx, row),
        rows: () => file.rows(),
        [Symbol.asyncDispose]: () => file.closeWith(store),
      }
    },
  })
})
