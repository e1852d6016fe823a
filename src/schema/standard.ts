/**
 * What Tidings needs of Standard JSON Schema 1 (https://standardschema.dev/json-schema), copied as its
 * authors propose, so that no schema library becomes a dependency.
 */
export interface StandardJsonSchema<Input = unknown, Output = Input> {
  readonly '~standard': StandardProperties<Input, Output>
}

interface StandardProperties<Input, Output> {
  readonly version: 1
  /** The library's name, such as `zod`. */
  readonly vendor: string
  /** For the compiler only: never there at run time. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined
  readonly jsonSchema: {
    /** What goes in, which is what stands on the wire. It may throw for what JSON Schema cannot say. */
    readonly input: (options: ConversionOptions) => Record<string, unknown>
    readonly output: (options: ConversionOptions) => Record<string, unknown>
  }
}

interface ConversionOptions {
  readonly target: 'draft-2020-12' | 'draft-07' | 'openapi-3.0' | ({} & string)
  readonly libraryOptions?: Record<string, unknown> | undefined
}
