/** JSON Pointers (RFC 6901). */

export function pointerTo(pointer: string, ...tokens: readonly (string | number)[]): string {
  return [pointer, ...tokens.map((token) => escaped(String(token)))].join('/')
}

function escaped(token: string): string {
  return token.includes('~') || token.includes('/')
    ? token.replaceAll('~', '~0').replaceAll('/', '~1')
    : token
}

/** The tokens of a pointer as it stands in the fragment of an address; `undefined` where it is none. */
export function tokensOf(fragment: string): readonly string[] | undefined {
  if (fragment === '') return []
  const text = decoded(fragment)
  if (!text?.startsWith('/')) return undefined
  return text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function decoded(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return undefined
  }
}
