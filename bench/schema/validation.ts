import { compileSchema, type JsonSchema } from 'tidings/schema'
import { order, orderSchema, patternSchema } from './order.ts'

export interface ValidationRate {
  readonly perSecond: number
}

const warmUp = 200_000
const events = 2_000_000

export function validate(): ValidationRate {
  return rateOf(orderSchema)
}

export function validateWithPattern(): ValidationRate {
  return rateOf(patternSchema)
}

/** Orders validated with a schema that is compiled. */
function rateOf(schema: JsonSchema): ValidationRate {
  const isValid = compileSchema(schema)
  const run = (count: number): number => {
    let valid = 0
    for (let event = 0; event < count; event++) valid += isValid(order).length === 0 ? 1 : 0
    return valid
  }
  run(warmUp)
  const startedMs = performance.now()
  const valid = run(events)
  const elapsedMs = performance.now() - startedMs
  if (valid !== events) throw new Error('The order is not valid')
  return { perSecond: (events / elapsedMs) * 1_000 }
}
