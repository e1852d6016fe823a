import { deepStrictEqual, equal, rejects } from 'node:assert/strict'
import { load } from './install.ts'

interface KafkaJs {
  readonly SchemaRegistry: new (
    options: object,
  ) => {
    register(schema: object, options?: object): Promise<{ readonly id: number }>
    encode(id: number, data: unknown): Promise<Buffer>
    decode(bytes: Buffer): Promise<unknown>
    getLatestSchemaId(subject: string): Promise<number>
    getRegistryId(subject: string, version: number | string): Promise<number>
    getRegistryIdBySchema(subject: string, schema: object): Promise<number>
  }
  readonly SchemaType: { readonly JSON: string; readonly AVRO: string }
}

/** Registers, encodes and decodes, in JSON and in Avro; a second client knows nothing but the bytes. */
export async function runKafkaJs(url: string): Promise<string> {
  const { SchemaRegistry, SchemaType } = load('@kafkajs/confluent-schema-registry') as KafkaJs
  const [writer, reader] = [new SchemaRegistry({ host: url }), new SchemaRegistry({ host: url })]

  const json = {
    type: SchemaType.JSON,
    schema: JSON.stringify({
      type: 'object',
      properties: { orderId: { type: 'string' } },
      required: ['orderId'],
    }),
  }
  const { id } = await writer.register(json, { subject: 'kafkajs-json-value' })
  deepStrictEqual(await reader.decode(await writer.encode(id, { orderId: 'o-1' })), { orderId: 'o-1' })
  await rejects(writer.encode(id, { orderId: 1 }))
  equal(await reader.getLatestSchemaId('kafkajs-json-value'), id)
  equal(await reader.getRegistryIdBySchema('kafkajs-json-value', json), id)

  const avro = {
    type: SchemaType.AVRO,
    schema: JSON.stringify({
      type: 'record',
      name: 'OrderCreated',
      namespace: 'com.example',
      fields: [
        { name: 'orderId', type: 'string' },
        { name: 'total', type: 'double' },
      ],
    }),
  }
  const ofAvro = await writer.register(avro)
  const order = { orderId: 'o-2', total: 12.5 }
  const decoded = await reader.decode(await writer.encode(ofAvro.id, order))
  deepStrictEqual(JSON.parse(JSON.stringify(decoded)), order)
  equal(await reader.getRegistryId('com.example.OrderCreated', 'latest'), ofAvro.id)
  await rejects(
    writer.register(
      {
        type: SchemaType.AVRO,
        schema: avro.schema.replace('"double"', '"string"'),
      },
      { subject: 'com.example.OrderCreated' },
    ),
    /cannot read "double" as "string"/,
  )
  return 'registers, encodes and decodes JSON and Avro, and is refused a field of another type'
}
