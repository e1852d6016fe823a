import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../test/engines/processes.ts'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { isTidingsError } from '../kernel/index.ts'
import { describeOnBroker, OwnBroker } from './broker.fixture.ts'
import { until } from './group.fixture.ts'
import { kafka } from './kafka.ts'

const numbered = defineEvent('numbered').version(1, {
  type: 'object',
  properties: { number: { type: 'integer' } },
  required: ['number'],
} as const)
const numbers = defineTopic('numbers', { partitions: 2, events: [numbered] })
const catalog = defineCatalog([numbers])
const options = { source: '/rights', catalog, drainOn: false, report: () => undefined } as const

describeOnBroker('The rights of docs/kafka.md', () => {
  let broker: OwnBroker
  let url: string

  beforeAll(async () => {
    const port = await freePort()
    broker = await OwnBroker.start({
      listeners: [{ name: 'SASL', protocol: 'SASL_PLAINTEXT', port }],
      settings: [
        'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users=User:ANONYMOUS',
        'sasl.enabled.mechanisms=PLAIN',
        'listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_service="secret" user_nobody="secret";',
      ],
    })
    url = `kafka://service:secret@127.0.0.1:${port}`
    await using bus = await openBus({ ...options, transport: await kafka(broker.url) })
    void bus
    await grant(broker.url)
  }, 90_000)
  afterAll(() => broker[Symbol.asyncDispose]())

  test('are enough for a service that publishes, handles, and keeps dead letters', async () => {
    await using bus = await openBus({ ...options, transport: await kafka(url) })
    const handled: number[] = []
    const group = bus
      .group('billing', { start: 'start', retry: { attempts: 1 } })
      .on(numbered, ({ event }) => {
        if (event.data.number === 2) throw new Error('It is refused here.')
        handled.push(event.data.number)
      })
    const running = group.run()
    await group.joined()
    await bus.publishAll([1, 2, 3].map((number) => numbered.create({ number })))
    await until('all are handled or dead letters', async () => {
      const lags = await bus.admin.lag('billing')
      return lags.length > 0 && lags.every(({ lag }) => lag === 0) && handled.length === 2
    })
    expect((await bus.deadLetters.list()).entries).toMatchObject([{ state: 'dead', group: 'billing' }])
    await group.stop()
    await running
  })

  test('are missed by who has none, with what is missing', async () => {
    const opening = openBus({
      ...options,
      transport: await kafka(url.replace('service', 'nobody')),
    })
    await expect(opening).rejects.toSatisfy((error) => isTidingsError(error, 'access_denied'))
  })
})

/** What docs/kafka.md names, for topics that are there. */
async function grant(url: string): Promise<void> {
  const { host } = new URL(url.replace('kafka:', 'http:'))
  const admin = new Kafka({ brokers: [host], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const { DESCRIBE, READ, WRITE, CREATE } = AclOperationTypes
  const { TOPIC, GROUP } = AclResourceTypes
  const { PREFIXED } = ResourcePatternTypes
  const onTopics = [DESCRIBE, READ, WRITE]
  await admin.createAcls({
    acl: [
      ...onTopics.map((operation) => entry(TOPIC, 'numbers', operation, PREFIXED)),
      ...onTopics.map((operation) => entry(TOPIC, 'tidings.groups', operation)),
      entry(TOPIC, 'numbers.billing.dead-letter', CREATE),
      entry(TOPIC, 'tidings.groups', CREATE),
      ...[DESCRIBE, READ].map((operation) => entry(GROUP, 'billing', operation)),
    ],
  })
  await admin.disconnect()
}

function entry(
  resourceType: AclResourceTypes,
  resourceName: string,
  operation: AclOperationTypes,
  resourcePatternType = ResourcePatternTypes.LITERAL,
): AclEntry {
  const permissionType = AclPermissionTypes.ALLOW
  const who = { principal: 'User:service', host: '*', permissionType }
  return { ...who, resourceType, resourceName, resourcePatternType, operation }
}
