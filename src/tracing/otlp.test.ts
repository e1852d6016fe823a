import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBus } from '../bus/index.ts'
import { defineCatalog, defineEvent, defineTopic } from '../catalog/index.ts'
import { memory } from '../memory/index.ts'

interface Received {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string }
      readonly spans: readonly { readonly name: string; readonly traceId: string }[]
    }[]
  }[]
}

const placed = defineEvent('placed').version(1, { type: 'object' } as const)
const catalog = defineCatalog([defineTopic('orders', { partitions: 1, events: [placed] })])

/** A collector, as far as it takes OTLP over HTTP as JSON. */
const received: Received[] = []
let collector: Server
async function take(request: IncomingMessage): Promise<void> {
  received.push(JSON.parse(await text(request)) as Received)
}
beforeEach(async () => {
  collector = createServer((request, response) => {
    void take(request).finally(() => response.setHeader('content-type', 'application/json').end('{}'))
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  trace.disable()
  context.disable()
  collector.close()
})

test('Spans reach a collector by OTLP over HTTP', async () => {
  const { port } = collector.address() as AddressInfo
  const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${port}/v1/traces` })
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  {
    await using bus = await openBus({ transport: memory(), source: '/otlp', catalog, drainOn: false })
    const group = bus.group('billing', { start: 'start' }).on(placed, () => undefined)
    void group.run()
    await bus.publish(placed, {})
    await group.caughtUp()
  }
  await provider.shutdown()
  const scopes = received.flatMap(({ resourceSpans }) => resourceSpans.flatMap((each) => each.scopeSpans))
  const spans = scopes.flatMap((scope) => scope.spans)
  expect(scopes.map(({ scope }) => scope.name)).toEqual(scopes.map(() => 'tidings'))
  expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(['send orders', 'process orders']))
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
})
