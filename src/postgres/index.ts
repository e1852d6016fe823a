export type { PostgresCapabilities } from './capabilities.ts'
export type { PostgresOptions } from './database.ts'
export { type PostgresTransact, postgresInbox } from './inbox.ts'
export type { Migration } from './migrate.ts'
export { type MigrateOptions, type Migrated, migrate } from './migrate-source.ts'
export { postgresDeadLetters } from './own-dead-letters.ts'
export { postgresOutbox } from './outbox.ts'
export type {
  PostgresClient,
  PostgresNotification,
  PostgresPool,
  PostgresQuery,
  PostgresResult,
} from './query.ts'
export { postgresSchemaStore } from './schema-store.ts'
export type { PostgresSource } from './source.ts'
export { type PostgresEngine, postgres } from './postgres.ts'
export { type PostgresProbe, probePostgres } from './probe.ts'
export { postgresProjections } from './projection-store.ts'
export { postgresStreams } from './stream-store.ts'
export type { PostgresTransaction } from './transaction.ts'
export {
  type DrizzleSql,
  type DrizzleTransaction,
  drizzleTransaction,
  type KnexTransaction,
  knexTransaction,
  kyselyTransaction,
  type PrismaTransaction,
  prismaTransaction,
} from './transactions.ts'
