import { durationText, toError } from '../kernel/index.ts'

/**
 * What befell a relay. `failed`: it tries again · `refused`: the engine takes these events never, so they are kept
 * beside the others · `fenced`: another relay has the right now, and this one stands by.
 */
export interface RelayReport {
  readonly relay: string
  readonly outcome: 'failed' | 'refused' | 'fenced'
  readonly error: Error
  /** Events that the engine refused. */
  readonly refused: number
  /** When it is tried again, in ms from now. */
  readonly retryInMs: number | undefined
}

/** Tells of a report that throws as a warning of the process: it must not stop the relay. */
export function harmlessly(report: (report: RelayReport) => void): (report: RelayReport) => void {
  return (each) => {
    try {
      report(each)
    } catch (error) {
      process.emitWarning(toError(error))
    }
  }
}

/** What relays report to unless told otherwise: a line on stderr. One for each round at the most, and rounds that fail wait. */
export function reportRelay({ outcome, error, refused, retryInMs }: RelayReport): void {
  const words = {
    failed: `cannot publish, and tries again in ${durationText(retryInMs ?? 0)}`,
    refused: `has put ${refused} aside that the engine refuses`,
    fenced: 'stands by for another one',
  }
  process.stderr.write(`tidings: the outbox relay ${words[outcome]}: ${error.message.split('\n')[0]}\n`)
}
