import { readFileSync } from 'node:fs'

/** Names this start of the machine: its monotonic clock begins anew with each, so leases of an earlier one are over. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return '' // Not Linux: leases that end later than a session lasts are taken as ended instead.
  }
}
