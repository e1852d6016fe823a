import { TidingsError } from '../kernel/index.ts'

/** What a URL says of a broker. */
export interface RabbitmqAddress {
  /** As the client takes it. */
  readonly url: string
  /** How errors may show it. */
  readonly shown: string
}

/**
 * `amqp://[user:password@]host[:port][/vhost]`, `amqps:` for TLS; without a user that is `guest`.
 * @throws `url_invalid`
 */
export function readRabbitmqUrl(text: string): RabbitmqAddress {
  if (!/^amqps?:\/\/[^/?#]/.test(text) || !URL.canParse(text))
    throw invalid('It names no host: write amqp://localhost:5672.')
  const url = new URL(text)
  if (url.search !== '' || url.hash !== '')
    throw invalid('It has options, which are given to rabbitmq() instead: leave out what follows "?" or "#".')
  if (url.pathname.slice(1).includes('/'))
    throw invalid('Write a slash in the name of the virtual host as %2F.')
  return { url: text, shown: `${url.protocol}//${url.host}${url.pathname}` }
}

/** The URL itself is not shown: there may be a password in it. */
function invalid(reason: string): TidingsError {
  return new TidingsError('url_invalid', `The URL is not one of RabbitMQ. ${reason}`)
}
