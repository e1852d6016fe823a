import type { PostgresQuery, PostgresResult } from './query.ts'

/**
 * Transactions of query builders as what stores write through. Each is what the builder hands to the function that it
 * runs; a client of `pg` needs none of these. By structure, so that no builder is needed that is not used.
 */

/** Of Drizzle on `pg`: `drizzleTransaction(tx, sql)` inside `database.transaction(async (tx) => …)`, with its own `sql`. */
export function drizzleTransaction<Sql>(tx: DrizzleTransaction<Sql>, sql: DrizzleSql<Sql>): PostgresQuery {
  return {
    query(text, values = []) {
      const parts = placeholdersOf(text)
      const chunks = parts.map(({ before, index }) =>
        index === undefined ? sql.raw(before) : sql.join([sql.raw(before), sql.param(values[index])]),
      )
      return tx.execute(sql.join(chunks))
    },
  }
}

export interface DrizzleTransaction<Sql> {
  execute(query: Sql): Promise<PostgresResult>
}

/** The parts of `sql` of `drizzle-orm` that are needed. */
export interface DrizzleSql<Sql> {
  raw(text: string): Sql
  // `param` gives something that `join` takes, of a type of its own.
  param(value: unknown): unknown
  join(chunks: unknown[]): Sql
}

/** Of Kysely with its PostgreSQL dialect: `kyselyTransaction(tx, CompiledQuery)` inside `database.transaction().execute(async (tx) => …)`. */
export function kyselyTransaction<Query>(
  tx: { executeQuery(query: Query): Promise<PostgresResult> },
  compiled: { raw(text: string, values?: unknown[]): Query },
): PostgresQuery {
  return { query: (text, values) => tx.executeQuery(compiled.raw(text, values)) }
}

/** Of Knex with the client `pg`: inside `knex.transaction(async (tx) => …)`. */
export function knexTransaction(tx: KnexTransaction): PostgresQuery {
  return {
    query(text, values = []) {
      const parts = placeholdersOf(text.replaceAll('?', '\\?'))
      const written = parts.map(({ before, index }) => (index === undefined ? before : `${before}?`)).join('')
      return Promise.resolve(
        tx.raw(
          written,
          parts.flatMap(({ index }) => (index === undefined ? [] : [values[index]])),
        ),
      )
    },
  }
}

export interface KnexTransaction {
  raw(text: string, values: unknown[]): PromiseLike<PostgresResult>
}

/** Of Prisma on PostgreSQL: inside `prisma.$transaction(async (tx) => …)`. */
export function prismaTransaction(tx: PrismaTransaction): PostgresQuery {
  return { query: async (text, values = []) => ({ rows: await tx.$queryRawUnsafe(text, ...values) }) }
}

export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...values: unknown[]): Promise<readonly unknown[]>
}

/** The text before each `$1`, and which value stands there; last the rest, where none does. Our texts have no `$` elsewhere. */
function placeholdersOf(
  text: string,
): readonly { readonly before: string; readonly index: number | undefined }[] {
  const pieces = text.split(/\$(\d+)/)
  return pieces.flatMap((piece, at) => {
    if (at % 2 === 1) return []
    const number = pieces[at + 1]
    return [{ before: piece, index: number === undefined ? undefined : Number(number) - 1 }]
  })
}
