/** The thread of a `LeaseKeeper`: it renews leases, and does nothing else with the file. */
import { parentPort, workerData } from 'node:worker_threads'
import { limits, systemClock } from '../kernel/index.ts'
import { dueForLease, type Lease, prolonged } from '../log/index.ts'
import { bootId } from './boot.ts'
import { fileIdentity, openDatabase } from './database.ts'
import { resultCode, sqliteCode } from './errors.ts'
import { GroupTable } from './group-table.ts'
import { RenewalTimes } from './renewal-times.ts'

export type LeaseOrder =
  | { readonly kind: 'keep'; readonly id: number; readonly lease: Lease; readonly times: SharedArrayBuffer }
  | { readonly kind: 'release'; readonly id: number }

/** The engine's file, and what tells it from another one under its name. */
export interface LeaseFile {
  readonly path: string
  readonly identity: string | undefined
}

const file: LeaseFile = workerData
const timers = new Map<number, NodeJS.Timeout>()

// To open another file in its place could make one there, or damage what both have in common. The event loop will say so.
if (isThere()) {
  const groups = new GroupTable(openDatabase(file.path), bootId(), systemClock)
  parentPort?.on('message', (order: LeaseOrder) => {
    if (order.kind === 'keep') look(groups, order.id, order.lease, new RenewalTimes(order.times))
    else {
      clearTimeout(timers.get(order.id))
      timers.delete(order.id)
    }
  })
}

function isThere(): boolean {
  return fileIdentity(file.path) === file.identity
}

function look(groups: GroupTable, id: number, lease: Lease, times: RenewalTimes): void {
  const due = dueForLease(lease, times, systemClock.monotonic())
  const waitMs = due === 'renew' ? renew(groups, lease, times) : due.waitMs
  timers.set(
    id,
    setTimeout(() => look(groups, id, lease, times), waitMs),
  )
}

/** Returns when to look again, in ms. */
function renew(groups: GroupTable, { group, member, session, everyMs }: Lease, times: RenewalTimes): number {
  if (!isThere()) return everyMs
  const fromMs = systemClock.monotonic()
  try {
    const { state, revision, leaseNowMs } = groups.load(group)
    const longer = prolonged(state, member, session, leaseNowMs)
    if (longer === undefined) return everyMs
    if (!groups.save(group, longer, revision, [])) return 0 // Another member was faster: once more.
    times.setBeside(fromMs)
    return 0
  } catch (error) {
    // Of what else is wrong with the file the event loop hears, too, and says so.
    return resultCode(error) === sqliteCode.busy ? limits.busyRetryMs : everyMs
  }
}
