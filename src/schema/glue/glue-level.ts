import type { Compatibility } from '@aws-sdk/client-glue'
import type { CompatibilityLevel } from '../schema-registry.ts'

/** Glue calls transitive what Confluent does, by another name. DISABLED, under which nothing may be registered, is no level. */
const levels = {
  NONE: 'NONE',
  BACKWARD: 'BACKWARD',
  BACKWARD_TRANSITIVE: 'BACKWARD_ALL',
  FORWARD: 'FORWARD',
  FORWARD_TRANSITIVE: 'FORWARD_ALL',
  FULL: 'FULL',
  FULL_TRANSITIVE: 'FULL_ALL',
} as const satisfies Record<CompatibilityLevel, Compatibility>

export function glueCompatibilityOf(level: CompatibilityLevel): Compatibility {
  return levels[level]
}

/** `undefined` for DISABLED, and for what a later Glue may add. */
export function levelOf(compatibility: string | undefined): CompatibilityLevel | undefined {
  const found = Object.entries(levels).find(([, name]) => name === compatibility)
  return found?.[0] as CompatibilityLevel | undefined
}
