const encoder = new TextEncoder()
// A byte order mark is kept: in text data it is a character of the producer's.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const base64Alphabet = /^[A-Za-z0-9+/]*={0,2}$/

export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Undefined for bytes that are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Padded, in the alphabet of RFC 4648 §4. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && base64Alphabet.test(text)
}

/** A plain Uint8Array: a Buffer would become something else in `JSON.stringify`. */
export function base64Bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

export function base64Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
