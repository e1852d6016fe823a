import { compareSchemas, type JsonSchema } from 'tidings/schema'
import { quantile } from '../harness.ts'

export interface CheckTime {
  readonly p50Ms: number
  readonly p99Ms: number
}

const properties = 50
const checks = 2_000

/** A schema of 50 properties against one with a property more and several that accept more, read afresh each time. */
export function checkProperties(): CheckTime {
  const [before, after] = [
    JSON.stringify(schemaOf(properties, 100)),
    JSON.stringify(schemaOf(properties + 1, 200)),
  ]
  const timesMs: number[] = []
  for (let check = 0; check < checks; check++) {
    const [writer, reader]: [JsonSchema, JsonSchema] = [JSON.parse(before), JSON.parse(after)]
    const startedMs = performance.now()
    const differences = compareSchemas({ schema: writer }, { schema: reader })
    timesMs.push(performance.now() - startedMs)
    if (differences.length === 0 || differences.some(({ breaks }) => breaks))
      throw new Error('Not as expected')
  }
  return { p50Ms: quantile(timesMs, 0.5), p99Ms: quantile(timesMs, 0.99) }
}

function schemaOf(count: number, longest: number): JsonSchema {
  const names = Array.from({ length: count }, (_, at) => `property${at}`)
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name, at) => [name, kinds(longest)[at % 5]])),
    required: names.slice(0, 10),
    additionalProperties: false,
  }
}

function kinds(longest: number): readonly JsonSchema[] {
  const address = {
    type: 'object',
    properties: { city: { type: 'string', maxLength: longest } },
    required: ['city'],
  }
  return [
    { type: 'string', maxLength: longest },
    { type: 'integer', minimum: 0, maximum: longest },
    { type: 'array', items: address, maxItems: longest },
    { oneOf: [{ type: 'string', format: 'uuid' }, { type: 'null' }] },
    { enum: ['red', 'green', 'blue'] },
  ]
}
