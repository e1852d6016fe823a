import { describe, test } from 'vitest'
import {
  deadLetterStoreContract,
  inboxStoreContract,
  logStoreContract,
  VirtualClock,
} from '../testing/index.ts'
import { MemoryDeadLetterStore } from './dead-letter-store.ts'
import { memoryInbox } from './inbox.ts'
import { MemoryLogStore } from './log-store.ts'

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
