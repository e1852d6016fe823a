import { decodeEvent } from '../../../src/event/index.ts'
import { sqlite } from '../../../src/sqlite/index.ts'
import { check, type Effect, type Verdict } from '../checker.ts'
import type { Entry } from '../history.ts'
import { groups, topic } from './catalog.ts'
import type { Kept, Order } from './kept.ts'

/** How often each promise was broken. */
export interface PointsVerdict
  extends Pick<Verdict, 'lost' | 'doubled' | 'reordered' | 'overlapping' | 'stale'> {
  /** Events in the log, and effects, of orders that were never committed. */
  readonly orphaned: number
}

/** Judges what all lives have left, when the last of them has finished all that there was to do. */
export async function judge(
  kept: Kept,
  logFile: string,
  history: readonly Entry[],
): Promise<{ readonly orders: number; readonly effects: number; readonly verdict: PointsVerdict }> {
  // First what came of orders, then the orders: none of them can be younger.
  const effects = await kept.effects()
  const published = await readLog(logFile)
  const orders = await kept.orders()
  const acked = orders.map((order) => ({ ...order, kind: 'acked' as const, atUs: 0, process: 'service' }))
  const { lost, doubled, reordered, overlapping, stale } = check({
    groups,
    holdingGroup: 'none',
    attempts: Number.POSITIVE_INFINITY,
    conductOf: () => 'handled',
    history: [...acked, ...history],
    effects,
    deadLetters: [],
  })
  const orphaned = countOrphaned(orders, [...published, ...effects])
  return {
    orders: orders.length,
    effects: effects.length,
    verdict: { lost, doubled, reordered, overlapping, stale, orphaned },
  }
}

const nameOf = ({ key, number }: Order): string => `${key} ${number}`

function countOrphaned(orders: readonly Order[], heardOf: readonly (Order | Effect)[]): number {
  const known = new Set(orders.map(nameOf))
  return new Set(heardOf.map(nameOf).filter((name) => !known.has(name))).size
}

async function readLog(file: string): Promise<readonly Order[]> {
  const engine = await sqlite(file)
  try {
    const pages = Array.from({ length: topic.partitions }, (_, partition) =>
      engine.admin.read(topic.name, partition, 0, { maxRecords: 1_000_000, maxBytes: 1_000_000_000 }),
    )
    return (await Promise.all(pages)).flat().map(({ encoded }) => decodeEvent(encoded).data as Order)
  } finally {
    await engine.close()
  }
}
