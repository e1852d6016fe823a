import { deepStrictEqual, equal, rejects } from 'node:assert/strict'
import { load } from './install.ts'

interface Serde {
  serialize(topic: string, data: unknown): Promise<Buffer>
  deserialize(topic: string, bytes: Buffer): Promise<unknown>
}

interface Confluent {
  readonly SchemaRegistryClient: new (
    config: object,
  ) => {
    register(subject: string, schema: object): Promise<number>
    getLatestSchemaMetadata(subject: string): Promise<{ readonly guid: string; readonly id: number }>
    getByGuid(guid: string): Promise<{ readonly schema: string }>
  }
  readonly JsonSerializer: new (client: object, type: number, config: object) => Serde
  readonly JsonDeserializer: new (client: object, type: number, config: object) => Serde
  readonly SerdeType: { readonly VALUE: number }
}

const schema = JSON.stringify({
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: { orderId: { type: 'string' }, total: { type: 'number' } },
  required: ['orderId'],
  additionalProperties: false,
})

/** What its JSON serializer writes with the newest schema, its deserializer reads by the id in front. */
export async function runConfluentSerde(url: string): Promise<string> {
  const { SchemaRegistryClient, JsonSerializer, JsonDeserializer, SerdeType } = load(
    '@confluentinc/schemaregistry',
  ) as Confluent
  const client = new SchemaRegistryClient({ baseURLs: [url] })
  const id = await client.register('serde-value', { schema, schemaType: 'JSON' })
  const config = { useLatestVersion: true, validate: true }
  const serializer = new JsonSerializer(client, SerdeType.VALUE, config)
  const deserializer = new JsonDeserializer(client, SerdeType.VALUE, {})
  const order = { orderId: 'o-1', total: 12.5 }
  const bytes = await serializer.serialize('serde', order)
  deepStrictEqual([bytes[0], bytes.readInt32BE(1)], [0, id])
  deepStrictEqual(await deserializer.deserialize('serde', bytes), order)
  await rejects(serializer.serialize('serde', { total: 'much' }))
  const { guid } = await client.getLatestSchemaMetadata('serde-value')
  equal((await client.getByGuid(guid)).schema, schema)
  return 'its JSON serializer and deserializer, and a schema by its guid'
}
