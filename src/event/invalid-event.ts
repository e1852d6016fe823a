import { type Issue, TidingsError } from '../kernel/index.ts'

/** The error for something that is not a CloudEvent, with everything that is wrong with it. */
export function invalidEvent(issues: readonly Issue[], cause?: unknown): TidingsError<'event_invalid'> {
  const faults = issues.map(({ path, message }) => `${path || 'it'} ${message}`)
  return new TidingsError(
    'event_invalid',
    `This is not a valid CloudEvent 1.0: ${faults.join('; ')}. Correct it where the event is made.`,
    { details: { issues }, cause },
  )
}
