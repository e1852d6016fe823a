import { isIPv6 } from 'node:net'

// The grammar of RFC 3986, appendix A. No alternative can match what another one does, so matching is linear.
const plain = "A-Za-z0-9\\-._~!$&'()*+,;="
const characters = (extra: string): string => `(?:[${plain}${extra}]|%[0-9A-Fa-f]{2})*`
const scheme = '[A-Za-z][A-Za-z0-9+.\\-]*:'
const host = `(?:\\[(?:[0-9A-Fa-f:.]+|[vV][0-9A-Fa-f]+\\.[${plain}:]+)\\]|${characters('')})`
const authority = `(?:${characters(':')}@)?${host}(?::[0-9]*)?`
const path = characters(':@/')
const hierarchy = `(?://${authority}(?![^/?#])${path}|(?!//)${path})`
const query = `(?:\\?${characters(':@/?')})?`
const fragment = `(?:#${characters(':@/?')})?`
const firstSegmentWithoutColon = '(?![^/?#]*:)'

const absoluteUri = new RegExp(`^${scheme}${hierarchy}${query}$`)
const uriReference = new RegExp(`^(?:${scheme}|${firstSegmentWithoutColon})${hierarchy}${query}${fragment}$`)

/** An absolute URI: with a scheme, without a fragment (RFC 3986 §4.3). */
export function isAbsoluteUri(text: string): boolean {
  return absoluteUri.test(text) && hasValidAddress(text)
}

/** A URI or a relative reference (RFC 3986 §4.1). The empty one is valid there; CloudEvents refuses it. */
export function isUriReference(text: string): boolean {
  return uriReference.test(text) && hasValidAddress(text)
}

/** Brackets stand only around an IP address, as the grammar above has made sure. */
function hasValidAddress(text: string): boolean {
  const start = text.indexOf('[')
  if (start < 0) return true
  const address = text.slice(start + 1, text.indexOf(']'))
  return /^v/i.test(address) || isIPv6(address)
}
