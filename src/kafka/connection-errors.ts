import { listed, TidingsError } from '../kernel/index.ts'
import type { Node } from './cluster.ts'

/** What the client throws for an answer with an error code anywhere in it; the answer stands beside it, whole. */
interface ErrorWithAnswer<Answer> extends Error {
  readonly response: Answer
}

export function isAnswer<Answer>(error: unknown): error is ErrorWithAnswer<Answer> {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'PLT_KFK_RESPONSE' &&
    'response' in error &&
    error.response !== undefined
  )
}

/** Why a broker could not be asked, in our words. */
export function connectionError(error: unknown, nodes: readonly Node[]): TidingsError {
  if (error instanceof TidingsError) return error
  const brokers = listed(new Set(nodes.map(({ host, port }) => `${host}:${port}`)))
  const cause = { cause: error }
  if (hasCode(error, 'PLT_KFK_AUTHENTICATION')) {
    return new TidingsError(
      'access_denied',
      `Kafka at ${brokers} refuses the credentials. Check the mechanism, name and password, or the token.`,
      cause,
    )
  }
  if (hasCode(error, 'PLT_KFK_USER')) {
    return new TidingsError(
      'access_denied',
      `Kafka at ${brokers} cannot be talked to like this: ${messageOf(error)} Check the options tls and sasl.`,
      cause,
    )
  }
  return new TidingsError(
    'engine_unreachable',
    `Kafka at ${brokers} does not answer: ${messageOf(error)} Check the address, and that a broker listens there.`,
    cause,
  )
}

/** Of the error, or of one that caused it. */
function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && error.code === code) return true
  if (error instanceof AggregateError && error.errors.some((each) => hasCode(each, code))) return true
  return hasCode(error.cause, code)
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? `${error.message} ${cause.message}.` : error.message
}
