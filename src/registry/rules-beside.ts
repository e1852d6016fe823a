import { limits } from '../kernel/index.ts'
import { type ResolvedSchema, rulesOf, type SchemaType, type SchemaTypeRules } from '../schema/index.ts'
import type { CheckWorker } from './check-worker.ts'

/**
 * The rules of a type of schemas, with whatever may take long done by the worker. What is small and has no patterns is
 * checked at once: that takes less time than asking.
 */
export function rulesBeside(worker: CheckWorker): (schemaType: SchemaType) => SchemaTypeRules {
  return (schemaType) => {
    const rules = rulesOf(schemaType)
    return {
      async check(schema) {
        if (isSmall([schema])) await rules.check(schema)
        else await worker.run({ schemaType, schema })
      },
      async obstacles(question) {
        if (isSmall([question.reader, question.writer])) return rules.obstacles(question)
        return worker.run({ schemaType, question })
      },
    }
  }
}

/**
 * By the length of the schemas and what they refer to, since Ajv takes its time by that. A pattern of 20 characters can take
 * milliseconds, so none is small, and neither is a text that may hide one behind an escape.
 */
function isSmall(schemas: readonly ResolvedSchema[]): boolean {
  const texts = schemas.flatMap(({ schema, others }) => [
    schema,
    ...[...others.values()].map((other) => other.schema),
  ])
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  return length <= limits.schemaCheckedAtOnce && !texts.some((text) => mayHavePattern.test(text))
}

const mayHavePattern = /"pattern|\\u/
