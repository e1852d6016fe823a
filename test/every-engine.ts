import { eventbridgeCapabilities } from '../src/eventbridge/index.ts'
import { kafkaCapabilities } from '../src/kafka/index.ts'
import type { Capabilities } from '../src/log/index.ts'
import { memoryCapabilities } from '../src/memory/capabilities.ts'
import { postgresCapabilities } from '../src/postgres/capabilities.ts'
import { rabbitmqCapabilities } from '../src/rabbitmq/index.ts'
import { sqliteCapabilities } from '../src/sqlite/capabilities.ts'

/** What every engine declares, in the order of docs/engines.md. */
export const everyEngine: readonly Capabilities[] = [
  memoryCapabilities,
  sqliteCapabilities,
  postgresCapabilities,
  kafkaCapabilities,
  rabbitmqCapabilities,
  eventbridgeCapabilities,
]
