import { TidingsError } from '../../kernel/index.ts'

/** What the SDK throws has the name of Glue's exception, or of what went wrong before Glue. */
const codes = {
  InvalidInputException: 'schema_invalid',
  ResourceNumberLimitExceededException: 'limit_exceeded',
  AccessDeniedException: 'registry_denied',
  UnrecognizedClientException: 'registry_denied',
  InvalidSignatureException: 'registry_denied',
  InvalidClientTokenId: 'registry_denied',
  ExpiredTokenException: 'registry_denied',
  MissingAuthenticationTokenException: 'registry_denied',
  IncompleteSignature: 'registry_denied',
  CredentialsProviderError: 'registry_denied',
  TokenProviderError: 'registry_denied',
} as const

/** Of Glue's own troubles, and of what its name says nothing, as when nobody answers at the address. */
const troubles: ReadonlySet<string> = new Set([
  'ConcurrentModificationException',
  'InternalServiceException',
  'OperationTimeoutException',
  'ResourceNotReadyException',
  'ThrottlingException',
  'TimeoutError',
  'AggregateError',
])

export function isGlueError(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name
}

/** An error of the SDK, after its last attempt, under our codes. */
export function glueRefusal(error: unknown, registryName: string): unknown {
  if (!(error instanceof Error) || error instanceof TidingsError) return error
  const { name, message } = error
  const said = (message || name).replace(/\.$/, '')
  const code = Object.hasOwn(codes, name) ? codes[name as keyof typeof codes] : undefined
  if (code === 'registry_denied') {
    return new TidingsError(
      code,
      `AWS Glue refuses access to its registry "${registryName}": ${said}. Check the credentials that the AWS SDK finds, when they end, and what they may do.`,
      { cause: error },
    )
  }
  if (code === 'limit_exceeded') {
    return new TidingsError(code, `AWS Glue takes no more: ${said}. Ask AWS for a higher quota.`, {
      cause: error,
    })
  }
  if (code !== undefined) return new TidingsError(code, `AWS Glue refuses it: ${said}.`, { cause: error })
  if (troubles.has(name) || isOfNetwork(error)) {
    return new TidingsError(
      'registry_unreachable',
      `The registry "${registryName}" of AWS Glue cannot be reached: ${said}. Check the region, the endpoint and the network, and try again.`,
      { cause: error },
    )
  }
  return new TidingsError('registry_answer_invalid', `AWS Glue answered ${name}: ${said}.`, { cause: error })
}

/** Errors of sockets have a code, those of the service the status that came with them. */
function isOfNetwork(error: Error & { readonly code?: unknown; readonly $metadata?: unknown }): boolean {
  const { httpStatusCode: status } = (error.$metadata ?? {}) as { readonly httpStatusCode?: number }
  return status === undefined ? typeof error.code === 'string' : status >= 500 || status === 429
}
