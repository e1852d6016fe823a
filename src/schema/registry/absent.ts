import { TidingsError } from '../../kernel/index.ts'

export function missingSubject(schemaSubject: string): TidingsError {
  return new TidingsError(
    'schema_subject_missing',
    `There is no schema subject "${schemaSubject}". Register a first version, or look at the list of schema subjects.`,
  )
}

export function missingVersion(schemaSubject: string, version: number | 'latest'): TidingsError {
  return new TidingsError(
    'schema_version_missing',
    `Schema subject "${schemaSubject}" has no version ${version}. Look at the list of its versions.`,
  )
}

export function missingSchema(what: string): TidingsError {
  return new TidingsError(
    'schema_missing',
    `${what} is not in this registry. Is this the registry that it was registered with?`,
  )
}
