import { TidingsError } from '../kernel/index.ts'

/** What a URL says of an event bus. */
export interface EventbridgeAddress {
  readonly region: string
  readonly bus: string
  /** Another address of the services, for tests; undefined for that of AWS. */
  readonly endpoint: string | undefined
  /** The URL of the store of dead letters; undefined for an SQS queue. */
  readonly deadLetters: string | undefined
}

/**
 * `eventbridge://REGION[/BUS][?endpoint=URL][&deadLetters=URL]`; the bus is `default` unless it is named.
 * @throws `url_invalid`
 */
export function readEventbridgeUrl(text: string): EventbridgeAddress {
  if (!/^eventbridge:\/\/[^/?#]/.test(text) || !URL.canParse(text))
    throw invalid('It names no region: write eventbridge://eu-central-1, or eventbridge://eu-central-1/BUS.')
  const url = new URL(text)
  if (!/^[a-z0-9-]+$/.test(url.host))
    throw invalid(
      'After the slashes stands a region alone, as in eu-central-1; credentials come from the SDK.',
    )
  const unknown = [...url.searchParams.keys()].filter((name) => !(name in parameters))
  if (unknown.length > 0 || url.hash !== '')
    throw invalid(
      `It knows endpoint and deadLetters after the "?": leave out ${unknown.join(', ') || url.hash}.`,
    )
  const bus = decodeURIComponent(url.pathname.slice(1)) || 'default'
  if (!/^[.\-_A-Za-z0-9]{1,256}$/.test(bus))
    throw invalid('The name of an event bus has letters, digits, and . - _')
  const endpoint = url.searchParams.get('endpoint') ?? undefined
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint))
    throw invalid('Its endpoint is no address: write endpoint=http://127.0.0.1:5000.')
  return { region: url.host, bus, endpoint, deadLetters: url.searchParams.get('deadLetters') ?? undefined }
}

const parameters = { endpoint: true, deadLetters: true } as const

/** The URL itself is not shown: there may be a password in that of the dead letters. */
function invalid(reason: string): TidingsError {
  return new TidingsError('url_invalid', `The URL is not one of EventBridge. ${reason}`)
}
