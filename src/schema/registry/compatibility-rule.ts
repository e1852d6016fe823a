import type { CompatibilityLevel, CompatibilitySettings } from '../schema-registry.ts'

/** What holds where nothing is set: Confluent's defaults. */
export const defaultSettings: {
  readonly compatibilityLevel: CompatibilityLevel
  readonly compatibilityPolicy: CompatibilityPolicy
} = { compatibilityLevel: 'BACKWARD', compatibilityPolicy: 'STRICT' }

/** In the spelling of clients. */
export type CompatibilityPolicy = NonNullable<CompatibilitySettings['compatibilityPolicy']>

/** How a level compares a new version: which of the two must read what the other wrote, and with how many before it. */
export interface Comparison {
  /** The new version reads what was written before. */
  readonly backward: boolean
  /** The versions before read what is written with the new one. */
  readonly forward: boolean
  readonly transitive: boolean
}

export function comparisonOf(level: CompatibilityLevel): Comparison {
  return {
    backward: level.startsWith('BACKWARD') || level.startsWith('FULL'),
    forward: level.startsWith('FORWARD') || level.startsWith('FULL'),
    transitive: level.endsWith('_TRANSITIVE'),
  }
}
