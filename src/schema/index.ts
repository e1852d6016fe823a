export {
  type CompareOptions,
  type CompatibilityLevel,
  type CompatibilityOptions,
  type CompatibilityPolicy,
  type CompatibilityVerdict,
  checkCompatibility,
  compareSchemas,
  compatibilityLevels,
  type Difference,
  type DifferenceKind,
  type SchemaSource,
  type VersionComparison,
} from './compatibility/index.ts'
export { compileSchema, type Validator } from './compile.ts'
export { toJsonSchema } from './convert.ts'
export type { FromJsonSchema } from './infer.ts'
export { issuesText } from './issues.ts'
export type { JsonSchema } from './json-schema.ts'
export { type DataOf, type JsonSchemaLiteral, jsonSchema, type Schema } from './schema.ts'
export type { StandardJsonSchema } from './standard.ts'
