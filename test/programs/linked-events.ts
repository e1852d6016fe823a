import { defineCatalog, defineEvent, defineTopic, openBus } from '../../src/index.ts'
import { readTraceContext } from '../../src/event/index.ts'
import { memory } from '../../src/memory/index.ts'

/** Publishes one event whose handler publishes another; prints the trace ids of both, and whether OpenTelemetry is there. */
const first = defineEvent('first').version(1, { type: 'object' } as const)
const second = defineEvent('second').version(1, { type: 'object' } as const)
const catalog = defineCatalog([defineTopic('events', { partitions: 1, events: [first, second] })])
const api = await import('@opentelemetry/api').catch(() => undefined)

await using bus = await openBus({ transport: memory(), source: '/linked', catalog })
const seen: (string | undefined)[] = []
const group = bus
  .group('linked', { start: 'start' })
  .on(first, async ({ event }) => {
    seen.push(readTraceContext(event)?.traceId)
    await bus.publish(second, {})
  })
  .on(second, ({ event }) => void seen.push(readTraceContext(event)?.traceId))
void group.run()
await bus.publish(first, {})
while (seen.length < 2) await group.caughtUp()
console.log(JSON.stringify({ seen, hasOpenTelemetry: api !== undefined }))
