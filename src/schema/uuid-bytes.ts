import { TidingsError } from '../kernel/index.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The 16 bytes that wire formats write for the GUID of a schema, big-endian. @throws `wire_format_invalid` */
export function bytesOfUuid(text: string): Buffer {
  if (uuid.test(text)) return Buffer.from(text.replaceAll('-', ''), 'hex')
  throw new TidingsError(
    'wire_format_invalid',
    `${JSON.stringify(text)} is no GUID of a schema. It is a UUID, as the registry gave it.`,
  )
}

/** The text of 16 bytes. */
export function uuidOfBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
