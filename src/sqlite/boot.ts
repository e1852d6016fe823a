import { readFileSync } from 'node:fs'

/** Names this start of the machine: its monotonic clock begins anew with each, so leases of an earlier one are over. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return '' // Not Linux: such leases are known by ending later than a lease can, see `isLiving`.
  }
}
