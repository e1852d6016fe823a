export { avroText } from './avro-text.ts'
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
export { type ConfluentRegistryOptions, confluentRegistry } from './confluent/confluent-registry.ts'
export type { RegistryAuth } from './confluent/rest.ts'
export { toJsonSchema } from './convert.ts'
export { embedSchema } from './embed.ts'
export { decodeGlueFrame, encodeGlueFrame, isGlueFrame } from './glue/glue-frame.ts'
export { type GlueRegistryOptions, glueRegistry } from './glue/glue-registry.ts'
export type { FromJsonSchema } from './infer.ts'
export { issuesText } from './issues.ts'
export type { JsonSchema } from './json-schema.ts'
export { missingSchema, missingSubject, missingVersion } from './registry/absent.ts'
export { type EmbeddedRegistry, embeddedRegistry } from './registry/embedded-registry.ts'
export type { RegistryMode } from './registry/mode.ts'
export { registryModes } from './registry/mode.ts'
export type {
  NewVersion,
  RegistryConfig,
  SchemaStore,
  StoredSchema,
  StoredVersion,
  SubjectRevision,
  SubjectSettings,
  SubjectState,
  VersionEntry,
} from './registry/schema-store.ts'
export {
  contextOf,
  defaultContext,
  type SchemaSubject,
  schemaSubjectOf,
  subjectOrContextOf,
  subjectText,
} from './registry/schema-subject.ts'
export type { ResolvedSchema } from './registry/references.ts'
export {
  registeredVersion,
  type SchemaRow,
  storedSchema,
  storedVersion,
} from './registry/stored-rows.ts'
export { type ReadQuestion, rulesOf, type SchemaTypeRules } from './registry/schema-types.ts'
export { sameSchema } from './same-schema.ts'
export { type DataOf, type JsonSchemaLiteral, jsonSchema, type Schema } from './schema.ts'
export type {
  CompatibilitySettings,
  IdentifiedSchema,
  RegisteredSchema,
  RegistryVerdict,
  SchemaDefinition,
  SchemaId,
  SchemaMetadata,
  SchemaReference,
  SchemaRegistry,
  SchemaType,
} from './schema-registry.ts'
export type { StandardJsonSchema } from './standard.ts'
export {
  decodeSchemaHeader,
  decodeWireFormat,
  encodeWireFormat,
  type WireFormatSchema,
} from './wire-format.ts'
