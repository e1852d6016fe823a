import { isTidingsError, TidingsError, toError } from '../kernel/index.ts'

/** What AWS calls it when credentials are wrong, expired, missing, or not enough. */
const denials: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthFailure',
  'AuthorizationError',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'InvalidSignatureException',
  'KmsAccessDenied',
  'MissingAuthenticationToken',
  'NotAuthorized',
  'NotAuthorizedForSourceException',
  'OptInRequired',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
])

const absences: ReadonlySet<string> = new Set([
  'AWS.SimpleQueueService.NonExistentQueue',
  'QueueDoesNotExist',
  'ResourceNotFoundException',
])

/** Worth another attempt, whatever the status says. */
const passing: ReadonlySet<string> = new Set([
  'ConcurrentModificationException',
  'InternalException',
  'InternalFailure',
  'KmsThrottled',
  'OverLimit',
  'PurgeQueueInProgress',
  'QueueDeletedRecently',
  'RequestThrottled',
  'RequestTimeTooSkewed',
  'ServiceUnavailable',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
])

/** Whether what was asked for is not there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && absences.has(error.name)
}

/** Whether another attempt may succeed: AWS did not answer, was busy, or answered that something is wrong with itself. */
export function isPassing(error: unknown): boolean {
  if (
    !(error instanceof Error) ||
    isTidingsError(error) ||
    denials.has(error.name) ||
    absences.has(error.name)
  )
    return false
  const status = statusOf(error)
  return passing.has(error.name) || status === undefined || status >= 500 || status === 429
}

/** The same of one entry of a batch, which has a code alone. */
export function isPassingCode(code: string): boolean {
  return passing.has(code)
}

function statusOf(error: Error): number | undefined {
  const { $metadata: metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } }
  return metadata?.httpStatusCode
}

/** What AWS or the network said, with what to do next. @param doing as in "Creating queue x". */
export function awsError(thrown: unknown, doing: string): TidingsError {
  if (isTidingsError(thrown)) return thrown
  const cause = toError(thrown)
  const said = `${cause.name}: ${cause.message}`
  if (denials.has(cause.name)) {
    return new TidingsError(
      'access_denied',
      `${doing} is refused by AWS: ${said} Are the credentials that the SDK finds right and not expired, and may they do this?`,
      { cause },
    )
  }
  if (isPassing(cause)) {
    return new TidingsError(
      'engine_unreachable',
      `${doing} has failed: ${said} Is AWS reached from here, and within its quotas? It is tried again by whoever retries.`,
      { cause },
    )
  }
  return new TidingsError(
    'option_invalid',
    `${doing} is not taken by AWS: ${said} Something of this name is there with other settings, or a quota is reached: change that, or use another name or namespace.`,
    { cause },
  )
}

/** The engine was closed by this program. */
export function closedError(): TidingsError {
  return new TidingsError('engine_closed', 'The engine is closed. Open it again.')
}
