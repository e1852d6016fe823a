import { extname, resolve } from 'node:path'
import { LeaseKeeper } from '../log/index.ts'
import { fileIdentity } from './database.ts'
import type { LeaseFile } from './lease-thread.ts'

const module = new URL(`./lease-thread${extname(import.meta.url)}`, import.meta.url)

/** Keeps leases in a file. */
export function leasesIn(file: string): LeaseKeeper {
  const path = resolve(file)
  return new LeaseKeeper(module, { path, identity: fileIdentity(path) } satisfies LeaseFile)
}
