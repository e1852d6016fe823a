import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { type CloudEvent, traceparentOf } from '../../src/event/index.ts'
import { systemClock, systemRandom } from '../../src/kernel/index.ts'
import { openTelemetry, Tracing } from '../../src/tracing/index.ts'

export interface CostOptions {
  readonly events: number
  readonly warmUp: number
  /** What the program has registered; with `none`, `@opentelemetry/api` is there and nothing else. */
  readonly sdk: 'none' | 'full' | 'onePercent'
}

export interface Cost {
  /** CPU time of what tracing does for one event that is published and handled, in µs. */
  readonly microseconds: number
}

/** What the bus asks of tracing for one event, published and handled, less the same without it. */
export async function cost({ events, warmUp, sdk }: CostOptions): Promise<Cost> {
  if (sdk !== 'none') register(sdk === 'full' ? 1 : 0.01)
  const telemetry = await openTelemetry()
  const tracing = new Tracing({ system: 'memory', clock: systemClock, random: systemRandom, telemetry })
  await batched(warmUp, (index) => traced(tracing, index))
  await batched(warmUp, untraced)
  const withTracing = await cpuMicroseconds(() => batched(events, (index) => traced(tracing, index)))
  const without = await cpuMicroseconds(() => batched(events, untraced))
  return { microseconds: (withTracing - without) / events }
}

function register(ratio: number): void {
  const exporter = {
    export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => undefined,
  }
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) })
  trace.setGlobalTracerProvider(
    new TracerProvider({
      sampler,
      spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: 65_536 })],
    }),
  )
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}

/** A turn of the event loop after each so many, so that exporters can do their work. */
const together = 500

async function batched(events: number, each: (index: number) => void): Promise<void> {
  for (let first = 0; first < events; first += together) {
    for (let index = first; index < first + together; index++) each(index)
    await new Promise(setImmediate)
  }
}

async function cpuMicroseconds(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

type Writable = { -readonly [Name in keyof CloudEvent]: CloudEvent[Name] }

function eventOf(index: number): Writable {
  return {
    specversion: '1.0',
    id: `0199aa00-0000-7000-8000-${index}`,
    source: '/orders',
    type: 'com.example.orders.placed',
    subject: 'o-1',
    data: index,
  }
}

let seen = 0
const handle = (): void => {
  seen += 1
}
const topic = 'orders'

function untraced(index: number): void {
  const event = eventOf(index)
  publish(event)
  handle()
}

function traced(tracing: Tracing, index: number): void {
  const event = eventOf(index)
  const { context: made, span } = tracing.create({ event, topic, operation: 'send', cause: undefined })
  event.traceparent = traceparentOf(made)
  tracing.send([{ topic, partition: 0, event, notBefore: undefined, span }], () => publish(event))
  const processing = tracing.process({
    group: 'billing',
    topic,
    partition: 0,
    offset: index,
    appendedAt: Date.now(),
    attempt: 1,
    event,
    again: false,
  })
  processing.run(handle)
  processing.end(handled)
}

const handled = { kind: 'handled' } as const

function publish({ id }: CloudEvent): void {
  if (id === '') seen += 1
}
