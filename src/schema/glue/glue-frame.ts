import { deflateSync, inflateSync } from 'node:zlib'
import { limits, TidingsError } from '../../kernel/index.ts'
import { bytesOfUuid, uuidOfBytes } from '../uuid-bytes.ts'

const magic = 3
const uncompressed = 0
const zlib = 5
const headBytes = 18

/**
 * A payload as the serializers of AWS Glue write it: 0x03, 0x00 or, compressed by zlib, 0x05, the UUID of the schema
 * version in 16 bytes, the payload (`AWSSchemaRegistryConstants` of aws-glue-schema-registry; there is no other text of
 * it). CloudEvents in structured mode say their schema in `dataschema`, and need none of it.
 * @throws `wire_format_invalid` for an id that is no UUID.
 */
export function encodeGlueFrame(
  schemaVersionId: string,
  payload: Uint8Array,
  { compress = false }: { readonly compress?: boolean | undefined } = {},
): Uint8Array {
  const head = Buffer.of(magic, compress ? zlib : uncompressed)
  const body = compress ? deflateSync(payload) : payload
  return new Uint8Array(Buffer.concat([head, bytesOfUuid(schemaVersionId), body]))
}

/**
 * What {@link encodeGlueFrame} and the serializers of AWS Glue wrote. A payload that was not compressed is a view of the
 * bytes, not a copy; one that was has at most `limits.eventBytes`.
 * @throws `wire_format_invalid`
 */
export function decodeGlueFrame(bytes: Uint8Array): {
  readonly schemaVersionId: string
  readonly payload: Uint8Array
} {
  if (bytes[0] !== magic) throw invalid('It does not begin with 0x03.')
  if (bytes.length < headBytes)
    throw invalid(`It has ${bytes.length} bytes, and the schema alone takes ${headBytes}.`)
  const schemaVersionId = uuidOfBytes(bytes.subarray(2, headBytes))
  const rest = bytes.subarray(headBytes)
  if (bytes[1] === uncompressed) return { schemaVersionId, payload: rest }
  if (bytes[1] === zlib) return { schemaVersionId, payload: inflated(rest) }
  throw invalid(`Its second byte is ${bytes[1]}, neither 0 (as it is) nor 5 (zlib).`)
}

/** True for bytes that begin as a frame of AWS Glue does; no JSON text and no frame of Confluent's begins so. */
export function isGlueFrame(bytes: Uint8Array): boolean {
  return bytes[0] === magic
}

function inflated(bytes: Uint8Array): Uint8Array {
  try {
    return inflateSync(bytes, { maxOutputLength: limits.eventBytes })
  } catch (cause) {
    throw invalid(`It does not become ${limits.eventBytes} bytes or fewer by zlib.`, cause)
  }
}

function invalid(reason: string, cause?: unknown): TidingsError {
  return new TidingsError(
    'wire_format_invalid',
    `The bytes are not in the wire format of AWS Glue: ${reason} Read them with what they were written with.`,
    { cause },
  )
}
