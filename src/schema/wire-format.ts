import { TidingsError } from '../kernel/index.ts'
import type { SchemaId } from './schema-registry.ts'
import { bytesOfUuid, uuidOfBytes } from './uuid-bytes.ts'

/** How a payload says which schema it was written with, in Confluent's wire format: a number, or since CP 8 a GUID. */
export type WireFormatSchema = { readonly schemaId: number } | { readonly schemaGuid: string }

const idMagic = 0
const guidMagic = 1
const idBytes = 5
const guidBytes = 17
const largestId = 2 ** 31 - 1

/**
 * A payload in Confluent's prefix form: 0x00 and the schema id as a big-endian 32-bit integer, or 0x01 and a GUID, then
 * the payload as it is. CloudEvents in structured mode say their schema in `dataschema`, and need none of it.
 * @throws `wire_format_invalid` for an id that no registry gives.
 */
export function encodeWireFormat(schemaId: SchemaId, payload: Uint8Array): Uint8Array {
  if (typeof schemaId === 'string')
    return new Uint8Array(Buffer.concat([Buffer.of(guidMagic), bytesOfUuid(schemaId), payload]))
  if (!Number.isInteger(schemaId) || schemaId < 1 || schemaId > largestId) {
    throw new TidingsError(
      'wire_format_invalid',
      `${schemaId} is not a schema id. It is a whole number from 1 to ${largestId}, as the registry gave it.`,
    )
  }
  const bytes = new Uint8Array(idBytes + payload.length)
  new DataView(bytes.buffer).setUint32(1, schemaId)
  bytes.set(payload, idBytes)
  return bytes
}

/**
 * What {@link encodeWireFormat} and Confluent's serializers wrote: after 0x00 a schema id, after 0x01 a GUID. The payload
 * is a view of the bytes, not a copy. Protobuf's message indexes are part of the payload.
 * @throws `wire_format_invalid`
 */
export function decodeWireFormat(bytes: Uint8Array): {
  readonly schema: WireFormatSchema
  readonly payload: Uint8Array
} {
  if (bytes[0] === guidMagic)
    return { schema: { schemaGuid: guidOf(bytes) }, payload: bytes.subarray(guidBytes) }
  if (bytes[0] !== idMagic) throw invalid(`It begins with ${shownByte(bytes)}, not with 0x00 or 0x01.`)
  if (bytes.length < idBytes) throw tooShort(bytes, idBytes)
  const schemaId = new DataView(bytes.buffer, bytes.byteOffset).getInt32(1)
  if (schemaId < 1) throw invalid(`It has the schema id ${schemaId}; ids begin with 1.`)
  return { schema: { schemaId }, payload: bytes.subarray(idBytes) }
}

/**
 * The schema that a Kafka header `__value_schema_id` or `__key_schema_id` names; the record's value is the bare payload
 * then.
 * @throws `wire_format_invalid`
 */
export function decodeSchemaHeader(header: Uint8Array): WireFormatSchema {
  const { schema, payload } = decodeWireFormat(header)
  if (payload.length === 0) return schema
  throw invalid(`The header has ${header.length} bytes, ${payload.length} more than its schema takes.`)
}

function guidOf(bytes: Uint8Array): string {
  if (bytes.length < guidBytes) throw tooShort(bytes, guidBytes)
  return uuidOfBytes(bytes.subarray(1, guidBytes))
}

function shownByte(bytes: Uint8Array): string {
  const [first] = bytes
  return first === undefined ? 'nothing' : `0x${first.toString(16).padStart(2, '0')}`
}

function tooShort(bytes: Uint8Array, needed: number): TidingsError {
  return invalid(`It has ${bytes.length} bytes, and the schema alone takes ${needed}.`)
}

function invalid(reason: string): TidingsError {
  return new TidingsError(
    'wire_format_invalid',
    `The bytes are not in Confluent's wire format: ${reason} Read them with what they were written with.`,
  )
}
