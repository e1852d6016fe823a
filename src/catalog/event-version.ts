import type { Issue } from '../kernel/index.ts'
import { compileSchema, type JsonSchema, type Schema, toJsonSchema, type Validator } from '../schema/index.ts'

/** One version of an event's data, and how data of the version before becomes it. */
export class EventVersion {
  readonly version: number
  readonly schema: JsonSchema
  /** Undefined for the oldest, and where data of the version before is valid in this one as it is. */
  readonly upcast: ((data: unknown) => unknown) | undefined
  readonly #name: string
  #validator: Validator | undefined

  /** @throws `schema_unsupported` */
  constructor(type: string, version: number, schema: Schema, upcast?: (data: unknown) => unknown) {
    this.#name = `Version ${version} of ${type}`
    this.version = version
    this.schema = toJsonSchema(schema, this.#name)
    this.upcast = upcast
  }

  issues(data: unknown): readonly Issue[] {
    return this.compile()(data)
  }

  /** @throws `schema_invalid`, `schema_unsupported` */
  compile(): Validator {
    this.#validator ??= compileSchema(this.schema, this.#name)
    return this.#validator
  }
}
