import { TidingsError } from '../kernel/index.ts'
import type { RelayTerm } from './outbox-store.ts'

/** The refusal of a relay that has the right no longer. @param newest the term that has it; undefined where none has. */
export function fencedRelay({ relay, term }: RelayTerm, newest: number | undefined): TidingsError {
  const now = newest === undefined ? 'nobody has now' : `is in term ${newest} now`
  return new TidingsError(
    'fenced',
    `Relay "${relay}" has term ${term} of an outbox that ${now}. Nothing is changed; what it has published may be published again, under the same ids.`,
  )
}
