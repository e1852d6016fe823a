import { compileSchema, type JsonSchema } from 'tidings/schema'
import { median } from '../harness.ts'
import { order, orderSchema, patternSchema } from './order.ts'

export interface ValidationRate {
  readonly perSecond: number
}

const slices = 2_000
const perSlice = 1_000

export function validate(): ValidationRate {
  return rateOf(orderSchema)
}

export function validateWithPattern(): ValidationRate {
  return rateOf(patternSchema)
}

/** Orders validated with a schema that is compiled; the median of slices short enough to be left alone by others. */
function rateOf(schema: JsonSchema): ValidationRate {
  const isValid = compileSchema(schema)
  const slice = (): number => {
    const startedMs = performance.now()
    for (let event = 0; event < perSlice; event++) {
      if (isValid(order).length > 0) throw new Error('The order is not valid')
    }
    return (perSlice / (performance.now() - startedMs)) * 1_000
  }
  for (let warmUp = 0; warmUp < slices / 10; warmUp++) slice()
  return { perSecond: median(Array.from({ length: slices }, slice)) }
}
