import { compareSchemas } from './compare.ts'
import type { Difference, SchemaSource } from './difference.ts'
import type { CompatibilityLevel, CompatibilityPolicy } from './level.ts'

export interface CompatibilityOptions {
  readonly level: CompatibilityLevel
  /** Default: `strict`. */
  readonly policy?: CompatibilityPolicy
}

/** The update against one earlier version in one direction. */
export interface VersionComparison {
  /** Index in the list of earlier versions. */
  readonly earlier: number
  /** `backward`: the update reads what the earlier version wrote. `forward`: the other way round. */
  readonly direction: 'backward' | 'forward'
  readonly differences: readonly Difference[]
}

export interface CompatibilityVerdict {
  readonly compatible: boolean
  /** The newest version first. */
  readonly comparisons: readonly VersionComparison[]
}

/**
 * May `update` follow the `earlier` versions (the newest last)? Only the newest counts unless the level is
 * `_TRANSITIVE`; without earlier versions, and under NONE, everything may.
 * @throws what `compareSchemas` throws.
 */
export function checkCompatibility(
  update: SchemaSource,
  earlier: readonly SchemaSource[],
  { level, policy = 'strict' }: CompatibilityOptions,
): CompatibilityVerdict {
  const comparisons = versionsToCompare(earlier, level).flatMap((index) => {
    const version = earlier[index]
    if (version === undefined) return []
    return directionsOf(level).map((direction): VersionComparison => {
      const differences =
        direction === 'backward'
          ? compareSchemas(version, update, { policy })
          : compareSchemas(update, version, { policy, newer: 'writer' })
      return { earlier: index, direction, differences }
    })
  })
  const compatible = comparisons.every(({ differences }) => !differences.some(({ breaks }) => breaks))
  return { compatible, comparisons }
}

function versionsToCompare(earlier: readonly SchemaSource[], level: CompatibilityLevel): readonly number[] {
  const newestFirst = earlier.map((_, index) => index).toReversed()
  return level.endsWith('_TRANSITIVE') ? newestFirst : newestFirst.slice(0, 1)
}

function directionsOf(level: CompatibilityLevel): readonly VersionComparison['direction'][] {
  if (level === 'NONE') return []
  if (level.startsWith('BACKWARD')) return ['backward']
  if (level.startsWith('FORWARD')) return ['forward']
  return ['backward', 'forward']
}
