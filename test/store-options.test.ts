import { expect, test } from 'vitest'
import { memory, memoryInbox, memoryOutbox, memoryStreams } from '../src/memory/index.ts'
import {
  migrate,
  postgres,
  postgresDeadLetters,
  postgresInbox,
  postgresOutbox,
  postgresProjections,
  postgresSchemaStore,
  postgresStreams,
} from '../src/postgres/index.ts'
import {
  sqlite,
  sqliteDeadLetters,
  sqliteInbox,
  sqliteOutbox,
  sqliteProjections,
  sqliteSchemaStore,
  sqliteStreams,
} from '../src/sqlite/index.ts'

const url = 'postgres://user@localhost/database'
// One letter wrong, where the types do not see it.
const shema: object = { shema: 'orders' }
const creat: object = { creat: false }
const clocks: object = { clocks: undefined }

test.each<readonly [called: string, meant: string, call: () => unknown]>([
  ['postgres()', 'schema', () => postgres(url, shema)],
  ['postgresDeadLetters()', 'schema', () => postgresDeadLetters(url, shema)],
  ['postgresInbox()', 'schema', () => postgresInbox(url, shema)],
  ['postgresOutbox()', 'schema', () => postgresOutbox(url, shema)],
  ['postgresStreams()', 'schema', () => postgresStreams(url, shema)],
  ['postgresProjections()', 'schema', () => postgresProjections(url, shema)],
  ['postgresSchemaStore()', 'schema', () => postgresSchemaStore(url, shema)],
  ['migrate()', 'schema', () => migrate(url, shema)],
  ['sqlite()', 'create', () => sqlite(':memory:', creat)],
  ['sqliteDeadLetters()', 'create', () => sqliteDeadLetters(':memory:', creat)],
  ['sqliteInbox()', 'clock', () => sqliteInbox(':memory:', clocks)],
  ['sqliteOutbox()', 'create', () => sqliteOutbox(':memory:', creat)],
  ['sqliteStreams()', 'create', () => sqliteStreams(':memory:', creat)],
  ['sqliteProjections()', 'create', () => sqliteProjections(':memory:', creat)],
  ['sqliteSchemaStore()', 'create', () => sqliteSchemaStore(':memory:', creat)],
  ['memory()', 'clock', () => memory(clocks)],
  ['memoryInbox()', 'clock', () => memoryInbox(clocks)],
  ['memoryOutbox()', 'clock', () => memoryOutbox(clocks)],
  ['memoryStreams()', 'clock', () => memoryStreams(clocks)],
])('%s refuses an option that nobody reads, and says that %s was meant', async (called, meant, call) => {
  const refused = expect.objectContaining({
    code: 'option_invalid',
    message: expect.stringMatching(
      new RegExp(
        `^option_invalid: ${called.replace('()', '\\(\\)')} has no option .*Did you mean ${meant}\\?$`,
      ),
    ),
  })
  await expect((async () => call())()).rejects.toEqual(refused)
})
