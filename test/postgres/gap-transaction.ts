import type pg from 'pg'

/** Adds an event in the transaction. */
export type Outbox = (
  tx: pg.PoolClient,
  event: { readonly key: string; readonly version: number },
) => Promise<void>

/** Commits when the function says so; returns whether it did. */
export async function withTransaction(
  pool: pg.Pool,
  run: (tx: pg.PoolClient) => Promise<boolean>,
): Promise<boolean> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const commits = await run(client)
    await client.query(commits ? 'COMMIT' : 'ROLLBACK')
    return commits
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}
