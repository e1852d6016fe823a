import type { EncodedEvent } from '../event/index.ts'
import { isTidingsError, limits } from '../kernel/index.ts'
import {
  avroText,
  decodeGlueFrame,
  decodeSchemaHeader,
  decodeWireFormat,
  isGlueFrame,
  type SchemaId,
  type SchemaRegistry,
  type WireFormatSchema,
} from '../schema/index.ts'
import type { KafkaRecord } from './record-batches.ts'

/** What the records of a topic are that others write there, without the headers of a CloudEvent. */
export interface ForeignRecords {
  /** The type that their events get. */
  readonly type: string
  /** Where they come from; `/kafka/<topic>` unless it is said. */
  readonly source?: string | undefined
  /**
   * Of records in Confluent's wire format, JSON or Avro with the id of a schema before it or in a header, or in that of
   * AWS Glue.
   */
  readonly registry?: SchemaRegistry | undefined
}

/**
 * The event of such a record: its id is its place, its time when it was appended, its partition key the record's key. A
 * record without a value, a tombstone, is an event without data. What cannot be decoded keeps its bytes and is no event.
 * @throws what the registry throws when it does not answer.
 */
export async function foreignEvent(
  { type, source, registry }: ForeignRecords,
  topic: string,
  partition: number,
  record: KafkaRecord,
): Promise<EncodedEvent> {
  const key = record.key === null ? '' : record.key.toString()
  const hasKey = key !== '' && Buffer.byteLength(key) <= limits.keyBytes && !key.includes('\uFFFD')
  const attributes = {
    specversion: '1.0',
    id: `${topic}/${partition}/${record.offset}`,
    source: source ?? `/kafka/${topic}`,
    type,
    time: new Date(record.timestamp).toISOString(),
    ...(hasKey && { partitionkey: key }),
  }
  if (record.value === null) return { attributes, body: undefined }
  try {
    const body = registry === undefined ? record.value : await payloadOf(registry, record, record.value)
    return { attributes: { ...attributes, datacontenttype: 'application/json' }, body }
  } catch (error) {
    if (isTidingsError(error) && error.kind === 'unreachable') throw error
    return { attributes: {}, body: record.value }
  }
}

/** JSON text, of what was written in the wire format of Confluent or AWS Glue, or as plain JSON. */
async function payloadOf(registry: SchemaRegistry, record: KafkaRecord, value: Buffer): Promise<Uint8Array> {
  const framed = framedPayload(record, value)
  if (framed === undefined) return value
  const schema = await registry.byId(framed.schemaId)
  if (schema === undefined) throw new RangeError(`The registry has no schema ${framed.schemaId}.`)
  if (schema.schemaType === 'JSON') return framed.payload
  return Buffer.from(await avroText(registry, schema, framed.payload))
}

function framedPayload(
  record: KafkaRecord,
  value: Buffer,
): { readonly schemaId: SchemaId; readonly payload: Uint8Array } | undefined {
  const header = record.headers.find(([name]) => name === '__value_schema_id')?.[1]
  if (header !== undefined && header !== null)
    return { schemaId: schemaIdOf(decodeSchemaHeader(asBytes(header))), payload: value }
  if (isGlueFrame(value)) {
    const { schemaVersionId, payload } = decodeGlueFrame(value)
    return { schemaId: schemaVersionId, payload }
  }
  if (value[0] !== 0 && value[0] !== 1) return undefined
  const { schema, payload } = decodeWireFormat(value)
  return { schemaId: schemaIdOf(schema), payload }
}

function schemaIdOf(schema: WireFormatSchema): SchemaId {
  return 'schemaId' in schema ? schema.schemaId : schema.schemaGuid
}

function asBytes(header: string | Buffer): Buffer {
  return typeof header === 'string' ? Buffer.from(header) : header
}
