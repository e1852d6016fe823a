import { createHash } from 'node:crypto'
import type { SchemaDefinition } from '../schema-registry.ts'
import { canonicalJson, canonicalText } from './schema-text.ts'

export interface SchemaIdentity {
  /** Names the schema and its references. */
  readonly fingerprint: string
  /** Names all of the content: schema, references, metadata and rules. In the form of a UUID of version 8 (RFC 9562). */
  readonly guid: string
}

/** What a definition is known by. It follows from the content alone, so every registry finds the same. */
export function identityOf(definition: SchemaDefinition): SchemaIdentity {
  const { schemaType, schema, references = [], metadata, ruleSet } = definition
  const names = references.map(({ name, subject, version }) => [name, subject, version])
  const fingerprint = digest([schemaType, canonicalText(schema), canonicalJson(names.toSorted(byName))])
  return { fingerprint, guid: uuid(digest([fingerprint, canonicalJson(metadata), canonicalJson(ruleSet)])) }
}

function byName([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1
}

/** Of the parts with their lengths: no two lists of parts are the same bytes. */
function digest(parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:${part}`)
  return hash.digest('hex')
}

function uuid(hex: string): string {
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0b0011) | 0b1000).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}
