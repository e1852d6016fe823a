import { parentPort } from 'node:worker_threads'
import { systemClock } from '../kernel/index.ts'
import { type GroupState, prolonged } from './group.ts'
import { dueForLease, type Lease } from './lease.ts'
import type { LoadedGroup } from './log-store.ts'
import { RenewalTimes } from './renewal-times.ts'

export type LeaseOrder =
  | { readonly kind: 'keep'; readonly id: number; readonly lease: Lease; readonly times: SharedArrayBuffer }
  | { readonly kind: 'release'; readonly id: number }

/** What came of a renewal: it counts, or it is tried again after so many ms. */
export type Renewal = 'renewed' | { readonly againMs: number }

/** In the thread of a `LeaseKeeper`: renews leases that the event loop is late with, until it is told that they have ended. */
export function keepLeases(renew: (lease: Lease) => Promise<Renewal>): void {
  const kept = new Map<number, NodeJS.Timeout | undefined>()
  const look = async (id: number, lease: Lease, times: RenewalTimes): Promise<void> => {
    const waitMs = await attend(lease, times, renew)
    if (kept.has(id))
      kept.set(
        id,
        setTimeout(() => void look(id, lease, times), waitMs),
      )
  }
  parentPort?.on('message', (order: LeaseOrder) => {
    if (order.kind === 'keep') {
      kept.set(order.id, undefined)
      void look(order.id, order.lease, new RenewalTimes(order.times))
    } else {
      clearTimeout(kept.get(order.id))
      kept.delete(order.id)
    }
  })
}

/** Returns when to look again, in ms. */
async function attend(
  lease: Lease,
  times: RenewalTimes,
  renew: (lease: Lease) => Promise<Renewal>,
): Promise<number> {
  const fromMs = systemClock.monotonic()
  const due = dueForLease(lease, times, fromMs)
  if (due !== 'renew') return due.waitMs
  const renewal = await renew(lease)
  if (renewal !== 'renewed') return renewal.againMs
  times.setBeside(fromMs)
  return 0
}

/** Where groups are, also for who has no promises. */
interface Groups {
  load(group: string): LoadedGroup | Promise<LoadedGroup>
  save(group: string, state: GroupState, revision: number, granted: readonly []): boolean | Promise<boolean>
}

/** Renews one lease by compare-and-set; never one that has ended, or is another session's. */
export async function prolong(groups: Groups, { group, member, session, everyMs }: Lease): Promise<Renewal> {
  const { state, revision, leaseNowMs } = await groups.load(group)
  const longer = prolonged(state, member, session, leaseNowMs)
  if (longer === undefined) return { againMs: everyMs }
  // Else another member was faster: once more.
  return (await groups.save(group, longer, revision, [])) ? 'renewed' : { againMs: 0 }
}
