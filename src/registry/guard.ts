import { createHash, timingSafeEqual } from 'node:crypto'
import { Fault, faultCodes } from './faults.ts'

/** What a browser calls this machine. */
const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

export function isLoopback(host: string): boolean {
  return loopbackNames.has(host) || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/**
 * Lets a request through, or says why not. Pages of other sites get nowhere: neither by a name of theirs that leads to
 * this machine (DNS rebinding, which a token stops too) nor by sending from their own origin.
 * @throws 401 · 403
 */
export function checkRequest(request: Request, token: string | undefined): void {
  const host = hostOf(`http://${request.headers.get('host') ?? new URL(request.url).host}`)
  if (token === undefined && !isLoopback(host?.hostname ?? '')) {
    throw forbidden(
      'A registry without a token answers to localhost alone. Call it so, or start it with a token.',
    )
  }
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  const isForeign = origin !== null && hostOf(origin)?.host !== host?.host
  if (isForeign || (site !== null && site !== 'same-origin' && site !== 'none')) {
    throw forbidden('Pages of other sites may not call the registry. Call it from a program.')
  }
  if (token !== undefined && !isAuthorized(request.headers.get('authorization'), token)) {
    throw new Fault(
      faultCodes.unauthorized,
      'The registry asks for its token. Send it as "Authorization: Bearer <token>", or as the password of basic authentication.',
    )
  }
}

function forbidden(sentence: string): Fault {
  return new Fault(faultCodes.forbidden, sentence)
}

function hostOf(address: string): URL | undefined {
  return URL.canParse(address) ? new URL(address) : undefined
}

function isAuthorized(header: string | null, token: string): boolean {
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+)$/.exec(header ?? '') ?? []
  if (scheme.toLowerCase() === 'bearer') return isSame(credentials, token)
  if (scheme.toLowerCase() !== 'basic') return false
  const text = Buffer.from(credentials, 'base64').toString()
  const colon = text.indexOf(':')
  return colon >= 0 && isSame(text.slice(colon + 1), token)
}

/** Takes as long for a guess that is nearly right as for any other: digests are of one length, and differ everywhere. */
function isSame(guess: string, token: string): boolean {
  return timingSafeEqual(digest(guess), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
