import { TidingsError } from '../../kernel/index.ts'

/** Glue compares each version with those before it in one schema, so each compatibility group has a schema of its own. */
export interface GlueName {
  readonly schemaSubject: string
  /** The version that opened the group; undefined for a schema that others made, or of a definition without a group. */
  readonly major: string | undefined
}

const allowed = /^[\w$#.-]{1,255}$/

/**
 * The name of the schema in Glue: `com.example.orders.created#1`. The hash mark is in no type of an event that Glue takes
 * as a name otherwise.
 * @throws `name_invalid` for what Glue does not take.
 */
export function glueNameOf({ schemaSubject, major }: GlueName): string {
  const name = major === undefined ? schemaSubject : `${schemaSubject}#${major}`
  if (allowed.test(name)) return name
  throw new TidingsError(
    'name_invalid',
    `${JSON.stringify(name)} is no name of a schema in AWS Glue: at most 255 letters, digits and . - _ $ #, nothing else. Give the event a type of these.`,
  )
}

export function glueNameFrom(name: string): GlueName {
  const hash = name.lastIndexOf('#')
  if (hash <= 0) return { schemaSubject: name, major: undefined }
  return { schemaSubject: name.slice(0, hash), major: name.slice(hash + 1) }
}

/** The last part of `arn:aws:glue:REGION:ACCOUNT:schema/REGISTRY/NAME`. */
export function glueNameInArn(arn: string): GlueName {
  return glueNameFrom(arn.slice(arn.lastIndexOf('/') + 1))
}
