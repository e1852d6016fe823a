/** What a `LeaseKeeper` runs for a file: it renews leases, and does nothing else with it. */
import { workerData } from 'node:worker_threads'
import { limits, systemClock } from '../kernel/index.ts'
import { keepLeases, prolong } from '../log/index.ts'
import { bootId } from './boot.ts'
import { fileIdentity, openDatabase } from './database.ts'
import { resultCode, sqliteCode } from './errors.ts'
import { GroupTable } from './group-table.ts'

/** The engine's file, and what tells it from another one under its name. */
export interface LeaseFile {
  readonly path: string
  readonly identity: string | undefined
}

const file: LeaseFile = workerData

// To open another file in its place could make one there, or damage what both have in common. The event loop will say so.
if (isThere()) {
  const groups = new GroupTable(openDatabase(file.path), bootId(), systemClock)
  keepLeases(async (lease) => {
    if (!isThere()) return { againMs: lease.everyMs }
    try {
      return await prolong(groups, lease)
    } catch (error) {
      // Of what else is wrong with the file the event loop hears, too, and says so.
      return { againMs: resultCode(error) === sqliteCode.busy ? limits.busyRetryMs : lease.everyMs }
    }
  })
}

function isThere(): boolean {
  return fileIdentity(file.path) === file.identity
}
