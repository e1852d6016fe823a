import { shown, TidingsError } from '../kernel/index.ts'
import type { Node } from './cluster.ts'
import type { SASLOptions } from './requests.ts'

/** What a URL says of a cluster. */
export interface KafkaAddress {
  readonly brokers: readonly Node[]
  readonly tls: boolean
  readonly sasl: SASLOptions | undefined
}

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const
const defaultPort = 9092

/**
 * `kafka://[user:password@]host:port[,host:port][?tls=true&mechanism=SCRAM-SHA-512]`.
 * @throws `url_invalid`
 */
export function readKafkaUrl(url: string): KafkaAddress {
  const [, login, hosts = '', query = ''] =
    /^kafka:\/\/(?:([^@/?]*)@)?([^/?]*)\/?(?:\?(.*))?$/s.exec(url) ?? []
  const brokers = hosts.split(',').filter(Boolean).map(brokerOf)
  if (brokers.length === 0 || brokers.some((each) => each === undefined)) {
    throw invalid('It names no broker. Write kafka://localhost:9092.')
  }
  const options = new URLSearchParams(query)
  for (const name of options.keys()) {
    if (name !== 'tls' && name !== 'mechanism')
      throw invalid(`It has the option ${shown(name)}. It may have tls and mechanism.`)
  }
  const tls = options.get('tls') ?? 'false'
  if (tls !== 'true' && tls !== 'false') throw invalid('The option tls is true or false.')
  return {
    brokers: brokers.filter((each) => each !== undefined),
    tls: tls === 'true',
    sasl: saslOf(login, options),
  }
}

function brokerOf(text: string): Node | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = digits === undefined ? defaultPort : Number(digits)
  return host === undefined || port > 65_535 ? undefined : { host, port }
}

function saslOf(login: string | undefined, options: URLSearchParams): SASLOptions | undefined {
  const asked = options.get('mechanism')
  if (login === undefined) {
    if (asked === null) return undefined
    throw invalid('It has a mechanism and no name: write kafka://name:password@host:port.')
  }
  const mechanism = mechanisms.find((each) => each === (asked ?? 'PLAIN'))
  if (mechanism === undefined) throw invalid(`The mechanism is ${mechanisms.join(', ')}.`)
  const [name = '', ...rest] = login.split(':')
  const [username, password] = [unescaped(name), unescaped(rest.join(':'))]
  return mechanism === 'OAUTHBEARER' ? { mechanism, token: password } : { mechanism, username, password }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('Its name or password has a % that begins no escape. Write %25 for a %.')
  }
}

/** The URL itself is not shown: there may be a password in it. */
function invalid(reason: string): TidingsError {
  return new TidingsError('url_invalid', `The URL is not one of Kafka. ${reason}`)
}
