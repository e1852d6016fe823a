import { describe, test } from 'vitest'
import { inNamespace } from '../bus/index.ts'
import {
  deadLetterStoreContract,
  inboxStoreContract,
  logStoreContract,
  projectionStoreContract,
  schemaStoreContract,
  streamStoreContract,
  transportContract,
  VirtualClock,
} from '../testing/index.ts'
import { registerSdk } from '../tracing/registered-sdk.fixture.ts'
import { memoryCapabilities } from './capabilities.ts'
import { MemoryDeadLetterStore } from './dead-letter-store.ts'
import { memoryInbox } from './inbox.ts'
import { MemoryLogStore } from './log-store.ts'
import { memory } from './memory.ts'
import { memoryProjections } from './projection-store.ts'
import { memorySchemaStore } from './schema-store.ts'
import { memoryStreams } from './stream-store.ts'
import type { MemoryTx } from './transaction.ts'

registerSdk()

describe('The log in memory', () => {
  logStoreContract({
    test,
    async open() {
      const clock = new VirtualClock()
      const store = new MemoryLogStore(clock)
      return { store, clock, [Symbol.asyncDispose]: () => store.close() }
    },
  })
})

describe('The dead letters in memory', () => {
  deadLetterStoreContract({
    test,
    async open() {
      const log = new MemoryLogStore(new VirtualClock())
      return { store: new MemoryDeadLetterStore(log), log, [Symbol.asyncDispose]: () => log.close() }
    },
  })
})

describe('The schemas in memory', () => {
  schemaStoreContract({
    test,
    async open() {
      const store = memorySchemaStore()
      return { store, [Symbol.asyncDispose]: () => store.close() }
    },
  })
})

describe('The inbox in memory', () => {
  inboxStoreContract({
    test,
    async open() {
      const clock = new VirtualClock()
      const inbox = memoryInbox({ clock })
      return {
        inbox,
        clock,
        transact: (claim, run) => inbox.transaction(claim)((tx) => run((row) => void tx.set(row, true))),
        rows: async () => [...inbox.rows.keys()],
        [Symbol.asyncDispose]: () => inbox.close(),
      }
    },
  })
})

describe('The streams in memory', () => {
  streamStoreContract({
    test,
    async open() {
      const clock = new VirtualClock()
      const store = memoryStreams({ clock })
      const rows: string[] = []
      return {
        store,
        clock,
        write: (tx, row) => (tx as MemoryTx).afterCommit(() => rows.push(row)),
        rows: async () => rows,
        [Symbol.asyncDispose]: () => store.close(),
      }
    },
  })
})

describe('The projections in memory', () => {
  projectionStoreContract({
    test,
    async open() {
      const store = memoryProjections()
      const rows: string[] = []
      return {
        store,
        write: (tx, row) => (tx as MemoryTx).afterCommit(() => rows.push(row)),
        rows: async () => rows,
        [Symbol.asyncDispose]: () => store.close(),
      }
    },
  })
})

describe.each([
  ['The memory engine', undefined],
  ['The memory engine in a namespace', 'staging'],
] as const)('%s', (_name, namespace) => {
  transportContract({
    test,
    capabilities: memoryCapabilities,
    async open() {
      const clock = new VirtualClock()
      const transport = inNamespace(memory({ clock }), namespace)
      return { transport, admin: transport.admin, clock, [Symbol.asyncDispose]: () => transport.close() }
    },
  })
})
