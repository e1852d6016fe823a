const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z{}]+"
const quoted = '"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\x20-\\x7e])*"'
const mediaType = new RegExp(`^${token}/${token}(?: *; *${token}=(?:${token}|${quoted}))*$`)
const jsonMediaType = /^[^/;]+\/(?:[^;]*\+)?json *(?:;|$)/i
const charsetParameter = /; *charset="?([^";\s]+)/i

/** `type/subtype` with parameters, in printable ASCII (RFC 2046, RFC 2045 §5.1). */
export function isMediaType(text: string): boolean {
  return text === 'application/json' || mediaType.test(text)
}

/** A subtype `json` or `…+json`, with any parameters, in any case (JSON format §3.1.1). */
export function isJsonMediaType(text: string): boolean {
  return text === 'application/json' || jsonMediaType.test(text)
}

export function isTextMediaType(text: string): boolean {
  return /^text\//i.test(text)
}

/** True unless the media type names another charset than UTF-8 or its part ASCII. */
export function isUtf8MediaType(text: string): boolean {
  const charset = charsetParameter.exec(text)?.[1]
  return charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset)
}
