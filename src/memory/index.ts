export type { MemoryCapabilities } from './capabilities.ts'
export { type MemoryInbox, type MemoryTransact, memoryInbox } from './inbox.ts'
export { type MemoryEngine, memory } from './memory.ts'
export { memorySchemaStore } from './schema-store.ts'
