import { hostname } from 'node:os'
import type { Random } from '../kernel/index.ts'

/** Says in lists which process it is, and is different for every start. */
export function memberId(random: Random): string {
  const bytes = new Uint8Array(4)
  random.fill(bytes)
  return `${hostname().slice(0, 64)}-${process.pid}-${Buffer.from(bytes).toString('hex')}`
}
