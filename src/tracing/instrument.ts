import { systemClock, systemRandom, shown, TidingsError } from '../kernel/index.ts'
import type { OutgoingRecord, Transport } from '../log/index.ts'
import { spanOfPort } from './port-span.ts'
import { portNameOf } from './ports.ts'
import { openTelemetry, type Telemetry } from './telemetry.ts'
import { Tracing } from './tracing.ts'
import { around, wrapped } from './wrapped.ts'

/** What was instrumented, so that it is not done twice. */
const instrumented = new WeakSet<object>()

/**
 * A port with spans and metrics around its methods, so that what is behind it needs none: a transport, an engine, an outbox,
 * an inbox, streams, projections, dead letters, a log, a schema store. It does what the port does, in the same order. `openBus`
 * does this to its engine. The methods of a store have a span where they are called inside of one. Without
 * `@opentelemetry/api` the port itself is returned.
 * @throws `option_invalid` for what is no port.
 */
export async function instrument<Port extends object>(port: Port): Promise<Port> {
  const name = portNameOf(port)
  if (name === undefined) {
    throw new TidingsError(
      'option_invalid',
      `instrument got ${shown(port)}. Give it a port, such as an engine or a store: await instrument(sqliteOutbox(file)).`,
    )
  }
  const telemetry = await openTelemetry()
  if (telemetry === undefined) return port
  if (!isTransport(port)) return storeWith(telemetry, name, port)
  const options = { system: port.capabilities.name, clock: systemClock, random: systemRandom, telemetry }
  return transportWith(new Tracing(options), telemetry, port)
}

/** A transport, or a whole engine, whose publishes and commits are told to this tracing. */
export function transportWith<Port extends Transport>(
  tracing: Tracing,
  telemetry: Telemetry,
  port: Port,
): Port {
  if (isInstrumented(port)) return port
  const engine = wrapped(port, (name, value) => {
    if (name === 'publish')
      return around(value, (run, [records]) => (isRecords(records) ? tracing.send(records, run) : run()))
    if (name === 'subscribe')
      return around(value, async (run, [request]) => subscriptionWith(tracing, request, await run()))
    return name === 'deadLetters' && isObject(value) ? storeWith(telemetry, 'dead-letter', value) : undefined
  })
  instrumented.add(engine)
  return engine
}

/** Whether spans are made around it already. */
export function isInstrumented(port: object): boolean {
  return instrumented.has(port)
}

function subscriptionWith(tracing: Tracing, request: unknown, subscription: unknown): unknown {
  if (!isObject(subscription)) return subscription
  const group = isObject(request) && 'group' in request ? String(request.group) : ''
  return wrapped(subscription, (name, value) =>
    name === 'commit' ? around(value, (run) => tracing.settle(group, run)) : undefined,
  )
}

function storeWith<Port extends object>(telemetry: Telemetry, name: string, port: Port): Port {
  if (isInstrumented(port)) return port
  const store = wrapped(port, (method, value) => {
    if (untold.has(method)) return undefined
    return around(value, (run) => spanOfPort(telemetry, name, method, run))
  })
  instrumented.add(store)
  return store
}

/** Not a call to the store: what it does begins later, or never ends. */
const untold: ReadonlySet<string> = new Set(['watch', 'close', 'keepLease', 'transaction'])

function isTransport(port: object): port is Transport {
  return 'subscribe' in port
}

function isRecords(value: unknown): value is readonly OutgoingRecord[] {
  return Array.isArray(value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
