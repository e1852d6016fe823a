import { extname } from 'node:path'
import { systemClock } from '../kernel/index.ts'
import { LeaseKeeper } from '../log/index.ts'
import type { Database } from './database.ts'
import type { LeaseServer } from './lease-thread.ts'

const module = new URL(`./lease-thread${extname(import.meta.url)}`, import.meta.url)

/**
 * Keeps leases where a thread can reach the server: by a URL, not through a pool of the caller's. On a clock of its own, a
 * test's, nothing happens beside that clock.
 */
export function leasesOn({ url, schemaName: schema, clock }: Database): LeaseKeeper | undefined {
  if (url === undefined || clock !== systemClock) return undefined
  return new LeaseKeeper(module, { url, schema } satisfies LeaseServer)
}
