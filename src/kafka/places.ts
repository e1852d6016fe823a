import { TidingsError } from '../kernel/index.ts'
import type { Start } from '../log/index.ts'
import type { Cluster } from './cluster.ts'
import { offsetsAt, type Place } from './offsets.ts'

/** The offsets where reading partitions from a place begins. An offset or time beyond either end means that end. */
export async function placesOfStart(
  cluster: Cluster,
  partitions: readonly Place[],
  start: Start,
): Promise<readonly number[]> {
  const at = (where: 'start' | 'end' | number): Promise<readonly number[]> =>
    offsetsAt(
      cluster,
      partitions.map((place) => ({ ...place, at: where })),
    )
  if (start === 'start' || start === 'end') return at(start)
  if ('time' in start) return at(Math.max(0, timeOf(start.time)))
  const [begins, ends] = await Promise.all([at('start'), at('end')])
  return partitions.map((_, index) => Math.min(Math.max(start.offset, begins[index] ?? 0), ends[index] ?? 0))
}

function timeOf(time: string | Date): number {
  const ms = typeof time === 'string' ? Date.parse(time) : time.getTime()
  if (!Number.isNaN(ms)) return ms
  throw new TidingsError(
    'option_invalid',
    `${JSON.stringify(time)} is not a time. Write it like 2026-01-31T00:00:00Z.`,
  )
}
