/**
 * The data that a literal JSON Schema or a TypeBox type describes. `$ref` gives `unknown`: name the data with
 * `jsonSchema<Data>(…)` there.
 */
export type FromJsonSchema<S> = S extends { readonly '~unsafe': infer Data }
  ? Data
  : S extends { readonly const: infer Value }
    ? Value
    : S extends { readonly enum: readonly (infer Value)[] }
      ? Value
      : S extends { readonly nullable: true }
        ? Combined<S> | null
        : S extends false
          ? never
          : Combined<S>

type Combined<S> = Typed<S> & AllOf<S> & AnyOf<S> & OneOf<S>

type AllOf<S> = S extends { readonly allOf: infer Parts } ? Every<Parts> : unknown
type AnyOf<S> = S extends { readonly anyOf: readonly (infer Part)[] } ? FromJsonSchema<Part> : unknown
type OneOf<S> = S extends { readonly oneOf: readonly (infer Part)[] } ? FromJsonSchema<Part> : unknown
type Every<Parts> = Parts extends readonly [infer First, ...infer Rest]
  ? FromJsonSchema<First> & Every<Rest>
  : unknown

type Typed<S> = S extends { readonly type: readonly (infer Name)[] }
  ? OfType<S, Name>
  : S extends { readonly type: infer Name }
    ? OfType<S, Name>
    : S extends { readonly properties: unknown }
      ? OfObject<S>
      : unknown

type OfType<S, Name> = Name extends 'string'
  ? string
  : Name extends 'number' | 'integer'
    ? number
    : Name extends 'boolean'
      ? boolean
      : Name extends 'null'
        ? null
        : Name extends 'array'
          ? OfArray<S>
          : Name extends 'object'
            ? OfObject<S>
            : unknown

type OfArray<S> = S extends { readonly prefixItems: infer Parts extends readonly unknown[] }
  ? Elements<Parts>
  : S extends { readonly items: infer Parts extends readonly unknown[] }
    ? Elements<Parts>
    : S extends { readonly items: infer Item }
      ? FromJsonSchema<Item>[]
      : unknown[]

type Elements<Parts extends readonly unknown[]> = { -readonly [At in keyof Parts]: FromJsonSchema<Parts[At]> }

type OfObject<S> = S extends { readonly properties: infer Properties }
  ? Shape<Properties, S extends { readonly required: readonly (infer Name)[] } ? Name : never>
  : S extends { readonly patternProperties: infer Patterns }
    ? { [key: string]: FromJsonSchema<Patterns[keyof Patterns]> }
    : S extends { readonly additionalProperties: infer Value }
      ? { [key: string]: FromJsonSchema<Value> }
      : { [key: string]: unknown }

type Shape<Properties, Required> = Flat<
  { -readonly [Name in keyof Properties as Extract<Name, Required>]: FromJsonSchema<Properties[Name]> } & {
    -readonly [Name in keyof Properties as Exclude<Name, Required>]?: FromJsonSchema<Properties[Name]>
  }
>

/** One object in a hover instead of an intersection. */
type Flat<T> = { [Name in keyof T]: T[Name] }
