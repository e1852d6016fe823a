/** The thread of a `LeaseKeeper`: it renews leases, and does nothing else with the file. */
import { parentPort, workerData } from 'node:worker_threads'
import { limits, systemClock } from '../kernel/index.ts'
import { dueForLease, type Lease, prolonged } from '../log/index.ts'
import { bootId } from './boot.ts'
import { openDatabase } from './database.ts'
import { resultCode, sqliteCode } from './errors.ts'
import { GroupTable } from './group-table.ts'
import { RenewalTimes } from './renewal-times.ts'

export type LeaseOrder =
  | { readonly kind: 'keep'; readonly id: number; readonly lease: Lease; readonly times: SharedArrayBuffer }
  | { readonly kind: 'release'; readonly id: number }

const groups = new GroupTable(openDatabase(String(workerData)), bootId(), systemClock)
const timers = new Map<number, NodeJS.Timeout>()

parentPort?.on('message', (order: LeaseOrder) => {
  if (order.kind === 'keep') look(order.id, order.lease, new RenewalTimes(order.times))
  else {
    clearTimeout(timers.get(order.id))
    timers.delete(order.id)
  }
})

function look(id: number, lease: Lease, times: RenewalTimes): void {
  const due = dueForLease(lease, times, systemClock.monotonic())
  const waitMs = due === 'renew' ? renew(lease, times) : due.waitMs
  timers.set(
    id,
    setTimeout(() => look(id, lease, times), waitMs),
  )
}

/** Returns when to look again, in ms. */
function renew({ group, member, session, everyMs }: Lease, times: RenewalTimes): number {
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
