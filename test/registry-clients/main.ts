/**
 * Clients that nobody here wrote, against `tidings registry` as users run it. They are large, so they are installed on
 * their own, once, in the cache folder.
 */
import { runConfluentSerde } from './confluent-serde.ts'
import { runConfluentSpec } from './confluent-spec.ts'
import { runHandwritten } from './handwritten.ts'
import { installClients } from './install.ts'
import { runKafkaJs } from './kafkajs.ts'
import { startRegistry } from './server.ts'

const folder = installClients()
await using registry = await startRegistry(8081)
const { url, port } = registry
const failures: string[] = []

const clients: readonly (readonly [name: string, run: () => string | Promise<string>])[] = [
  ['@kafkajs/confluent-schema-registry', () => runKafkaJs(url)],
  ['axios and Ajv by hand', () => runHandwritten(url)],
  ['@confluentinc/schemaregistry', () => runConfluentSerde(url)],
  // Last: it changes the level for everything.
  ['@confluentinc/schemaregistry', () => runConfluentSpec(folder, port)],
]
for (const [name, run] of clients) {
  try {
    console.log(`${name}: ${await run()}`)
  } catch (error) {
    failures.push(name)
    console.error(`${name}: failed`, error)
  }
}
process.exitCode = failures.length === 0 ? 0 : 1
