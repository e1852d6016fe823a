/** What a `LeaseKeeper` runs for a server: it renews leases, over a connection that is opened when the first one is late. */
import { workerData } from 'node:worker_threads'
import { limits } from '../kernel/index.ts'
import { keepLeases, prolong } from '../log/index.ts'
import { Database } from './database.ts'
import { GroupTable } from './group-table.ts'

/** How the thread reaches the engine's tables. */
export interface LeaseServer {
  readonly url: string
  readonly schema: string
}

const { url, schema }: LeaseServer = workerData
const groups = new GroupTable(new Database(url, { schema, create: false }, 'postgres()'))

keepLeases(async (lease) => {
  try {
    return await prolong(groups, lease)
  } catch {
    // What is wrong with the server the event loop hears, too, and says so.
    return { againMs: limits.postgresRetryMs }
  }
})
