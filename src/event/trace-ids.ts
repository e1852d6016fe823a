import type { Random } from '../kernel/index.ts'

/** Ids of traces and spans: random hex digits, not all zero (W3C Trace Context §3.2.2). */
export interface TraceIds {
  traceId(): string
  spanId(): string
}

const pooledBytes = 4_096

/** Random bytes are drawn and written as text for many ids at once. */
export function createTraceIds(random: Random): TraceIds {
  const pool = Buffer.alloc(pooledBytes)
  let digits = ''
  let at = 0
  const take = (length: number): string => {
    for (;;) {
      if (at + length > digits.length) {
        random.fill(pool)
        digits = pool.toString('hex')
        at = 0
      }
      const id = digits.slice(at, at + length)
      at += length
      if (/[^0]/.test(id)) return id
    }
  }
  return { traceId: () => take(32), spanId: () => take(16) }
}
