import { TidingsError } from '../kernel/index.ts'

/**
 * The error of whoever asks an engine for what it declares to lack. It names both, for people and as `details`.
 * @param capability as in `Capabilities`, a place of `replay` as `replay from time`; or what a database would have, as `outbox`.
 * @param sentence what the engine does instead, and what to do about it.
 */
export function capabilityMissing(
  engine: string,
  capability: string,
  sentence: string,
): TidingsError<'capability_missing'> {
  return new TidingsError('capability_missing', `${engine} lacks ${capability}: ${sentence}`, {
    details: { engine, capability },
  })
}
