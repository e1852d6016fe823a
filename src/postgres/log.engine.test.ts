import { test } from 'vitest'
import { deadLetterStoreContract, logStoreContract, VirtualClock } from '../testing/index.ts'
import { postgresCapabilities } from './capabilities.ts'
import { Changes } from './changes.ts'
import { Database } from './database.ts'
import { PostgresDeadLetterStore } from './dead-letter-store.ts'
import { PostgresLogStore } from './log-store.ts'
import { describeOnServer, disposing, ownSchema } from './server.fixture.ts'
import { Session } from './session.ts'

async function openParts() {
  const own = ownSchema()
  const clock = new VirtualClock()
  const database = new Database(own.pool, { schema: own.schema, clock }, 'postgres()')
  await database.open()
  const session = new Session(database)
  const changes = new Changes(database, session)
  const log = new PostgresLogStore(database, changes, postgresCapabilities)
  const parts = disposing(
    () => log.close(),
    async () => changes.close(),
    () => session.close(),
    () => database.close(),
    () => own[Symbol.asyncDispose](),
  )
  return {
    clock,
    log,
    deadLetters: new PostgresDeadLetterStore(database, changes, { fenced: true }),
    ...parts,
  }
}

describeOnServer('The log in PostgreSQL', () => {
  logStoreContract({
    test,
    async open() {
      const { log, ...opened } = await openParts()
      return { store: log, ...opened }
    },
  })
})

describeOnServer('The dead letters in PostgreSQL', () => {
  deadLetterStoreContract({
    test,
    async open() {
      const { deadLetters, ...opened } = await openParts()
      return { store: deadLetters, ...opened }
    },
  })
})
