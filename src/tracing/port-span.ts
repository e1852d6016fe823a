import { currentTrace } from '../event/index.ts'
import { attribute } from './conventions.ts'
import type { Telemetry } from './telemetry.ts'

/** A call to a store as a span of what calls it; none where that is in no trace, as the loops of a bus are. */
export function spanOfPort<Result>(
  telemetry: Telemetry,
  port: string,
  method: string,
  run: () => Result,
): Result {
  const parent = telemetry.isTracing ? currentTrace() : undefined
  if (parent === undefined) return run()
  const span = telemetry.tracer.startSpan(
    `${port} ${method}`,
    { kind: telemetry.api.SpanKind.INTERNAL, attributes: { [attribute.port]: port } },
    telemetry.contextOf(parent),
  )
  return telemetry.during(span, run)
}
