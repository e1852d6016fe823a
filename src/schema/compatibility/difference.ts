import type { JsonSchema } from '../json-schema.ts'

/** A JSON Schema with what its `$ref`s lead to outside of it. */
export interface SchemaSource {
  readonly schema: JsonSchema | boolean
  /** The schema at the address of a `$ref`, without the fragment; `undefined` where there is none. */
  readonly resolve?: (address: string) => JsonSchema | boolean | undefined
}

/** One difference between two versions of a schema. */
export interface Difference {
  readonly kind: string
  /** Where it is in the schema that data is read with, as a JSON Pointer. */
  readonly path: string
  readonly message: string
  /** Whether data written with the one schema can fail in the other because of it, under the policy. */
  readonly breaks: boolean
  /** The change to the newer schema that would make it pass; only where it breaks. */
  readonly fix: string | undefined
}
