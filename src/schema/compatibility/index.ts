export {
  type CompatibilityOptions,
  type CompatibilityVerdict,
  checkCompatibility,
  type VersionComparison,
} from './check.ts'
export { type CompareOptions, compareSchemas } from './compare.ts'
export type { Difference, DifferenceKind, SchemaSource } from './difference.ts'
export { type CompatibilityLevel, type CompatibilityPolicy, compatibilityLevels } from './level.ts'
