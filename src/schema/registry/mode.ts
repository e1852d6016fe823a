import { TidingsError } from '../../kernel/index.ts'

/**
 * What may be written. READONLY_OVERRIDE holds over what a schema subject says itself; IMPORT takes versions under the
 * numbers and ids that they have elsewhere, without comparing them.
 */
export const registryModes = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT'] as const

export type RegistryMode = (typeof registryModes)[number]

/** The mode that holds, of those set from the nearest to the furthest. */
export function modeInForce(modes: readonly (RegistryMode | undefined)[]): RegistryMode {
  if (modes.includes('READONLY_OVERRIDE')) return 'READONLY_OVERRIDE'
  return modes.find((mode) => mode !== undefined) ?? 'READWRITE'
}

/** @throws `registry_read_only` */
export function checkWritable(mode: RegistryMode, schemaSubject: string): void {
  if (mode === 'READWRITE' || mode === 'IMPORT') return
  throw new TidingsError(
    'registry_read_only',
    `Schema subject "${schemaSubject}" is in mode ${mode}, so nothing is registered or deleted there. Set its mode to READWRITE first.`,
  )
}

/** @throws `registry_read_only` when numbers of another registry are given outside of IMPORT, or left out inside. */
export function checkImport(mode: RegistryMode, schemaSubject: string, given: boolean): void {
  if ((mode === 'IMPORT') === given) return
  throw new TidingsError(
    'registry_read_only',
    given
      ? `Schema subject "${schemaSubject}" is in mode ${mode}, where the registry gives ids and versions. Leave "id" and "version" out, or set its mode to IMPORT.`
      : `Schema subject "${schemaSubject}" is in mode IMPORT, where schemas come with their numbers. Send "id" and "version", or set its mode to READWRITE.`,
  )
}
