import type { JsonSchema } from '../json-schema.ts'
import type { Annotation, Constraint } from './keywords.ts'

/** A JSON Schema with what its `$ref`s lead to outside of it. */
export interface SchemaSource {
  readonly schema: JsonSchema | boolean
  /** The schema at the address of a `$ref`, without the fragment; `undefined` where there is none. */
  readonly resolve?: (address: string) => JsonSchema | boolean | undefined
}

/**
 * What differs. `added` and `tightened` ask more of the data than before, `removed` and `relaxed` less; `changed` is
 * neither. A property or item is `added` when it is described only in what reads, `removed` when only in what wrote.
 */
export type DifferenceKind =
  | `${Constraint}_${'added' | 'removed' | 'tightened' | 'relaxed' | 'changed'}`
  | `${Annotation}_changed`
  | 'property_added'
  | 'property_removed'
  | 'item_added'
  | 'item_removed'
  | 'false_schema'

/** One difference between two versions of a schema. */
export interface Difference {
  readonly kind: DifferenceKind
  /**
   * Where it is in the schema that data is read with, as a JSON Pointer; of a property or item that only the writer
   * describes, where it would be. In a referenced document, behind its address: `address.json#/properties/city`.
   */
  readonly path: string
  readonly message: string
  /** Whether data written with the one schema can fail in the other because of it, under the policy. */
  readonly breaks: boolean
  /** The change to the newer schema that would make it pass; only where it breaks. */
  readonly fix: string | undefined
}
