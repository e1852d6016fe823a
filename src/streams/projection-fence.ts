import { TidingsError } from '../kernel/index.ts'
import type { Checkpoint, ProjectionBuild } from './projection-store.ts'

/** For stores: a build that is not where it is applied from. */
export function checkpointElsewhere(
  { projection, build }: ProjectionBuild,
  stored: Checkpoint | undefined,
): TidingsError {
  const where = stored === undefined ? 'is gone' : `is at ${stored.position ?? 'the start'} now`
  return new TidingsError(
    'fenced',
    `Build ${build} of projection "${projection}" ${where}: another process has applied these records, or replaced the build. Nothing of this is kept.`,
  )
}

/** For stores: a build that cannot be swapped in. */
export function notBuilding(
  { projection, build }: ProjectionBuild,
  stored: Checkpoint | undefined,
): TidingsError {
  return new TidingsError(
    'fenced',
    `Build ${build} of projection "${projection}" ${stored === undefined ? 'is gone' : 'is live already'}. Nothing is changed.`,
  )
}
