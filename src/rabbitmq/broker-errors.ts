import { isTidingsError, TidingsError, toError } from '../kernel/index.ts'

/** Codes of AMQP 0-9-1 and RabbitMQ that are told apart. */
const reply = { accessRefused: 403, notFound: 404, preconditionFailed: 406, notAllowed: 530 } as const

/** The code of what closed a channel or connection; of a handshake that failed it stands in the message, or nowhere. */
function codeOf(error: Error): number | undefined {
  if ('code' in error && typeof error.code === 'number') return error.code
  // Its only reasons are of the virtual host: it is not there, or not for this user.
  if (/Expected ConnectionOpenOk; got <ConnectionClose/.test(error.message)) return reply.notAllowed
  const [, digits] = /\b(403|404|406|530)\b/.exec(error.message) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** Whether what was asked for does not exist on the broker. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === reply.notFound
}

/** What the broker or the network said, with what to do next. @param doing as in "Declaring queue x". */
export function brokerError(thrown: unknown, doing: string): TidingsError {
  if (isTidingsError(thrown)) return thrown
  const cause = toError(thrown)
  const code = codeOf(cause)
  if (code === reply.accessRefused || code === reply.notAllowed) {
    return new TidingsError(
      'access_denied',
      `${doing} is refused by RabbitMQ: ${cause.message} Check name, password, virtual host and permissions.`,
      { cause },
    )
  }
  if (code === reply.preconditionFailed) {
    return new TidingsError(
      'option_invalid',
      `${doing} does not fit what RabbitMQ has: ${cause.message} Something of this name is there with other settings: delete it, or use another name or namespace.`,
      { cause },
    )
  }
  return new TidingsError(
    'engine_unreachable',
    `${doing} has failed: ${cause.message} Is RabbitMQ up? It is tried again by whoever retries.`,
    { cause },
  )
}

/** The engine was closed by this program. */
export function closedError(): TidingsError {
  return new TidingsError('engine_closed', 'The engine is closed. Open it again.')
}
