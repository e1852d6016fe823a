import type { DeliveryReport, Report } from 'tidings/bus'

/** A delivery that failed, as somebody looking at the shop wants to know of it. */
export interface Failure {
  readonly group: string
  readonly subject: string
  readonly attempt: number
  readonly reason: string
  /** It will not be tried again. */
  readonly isDead: boolean
}

/** What a bus is to report to, for whoever wants to know of failures alone. */
export function onFailure(tell: (failure: Failure) => void): Report {
  return (report) => {
    if (report.outcome === 'failed' || report.outcome === 'dead-letter') tell(failureOf(report))
  }
}

function failureOf({ group, event, attempt, outcome, error }: DeliveryReport): Failure {
  const subject = event?.subject ?? 'a record'
  return { group, subject, attempt, reason: error?.message ?? '', isDead: outcome === 'dead-letter' }
}
