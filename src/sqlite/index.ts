export { type SqliteCapabilities } from './capabilities.ts'
export { type SqliteTransact, sqliteInbox } from './inbox.ts'
export { sqliteSchemaStore } from './schema-store.ts'
export { type SqliteEngine, type SqliteOptions, sqlite } from './sqlite.ts'
