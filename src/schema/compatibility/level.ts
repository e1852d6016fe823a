/** Which readers and writers must understand each other before a version is taken; Confluent's names. */
export const compatibilityLevels = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const

export type CompatibilityLevel = (typeof compatibilityLevels)[number]

/** Confluent's rules, or those and what most teams expect to be allowed as well (docs/compatibility.md). */
export type CompatibilityPolicy = 'strict' | 'lenient'
