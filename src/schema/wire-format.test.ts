import { expect, test } from 'vitest'
import { decodeSchemaHeader, decodeWireFormat, encodeWireFormat } from './wire-format.ts'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const payload = new TextEncoder().encode('{"a":1}')

test.each([
  [1, '00 00000001 7b2261223a317d'],
  [258, '00 00000102 7b2261223a317d'],
  [2 ** 31 - 1, '00 7fffffff 7b2261223a317d'],
])('schema id %d goes before the payload, big-endian, after a zero byte', (schemaId, golden) => {
  expect(encodeWireFormat(schemaId, payload)).toEqual(bytes(golden))
  expect(decodeWireFormat(bytes(golden))).toEqual({ schema: { schemaId }, payload })
})

test('a GUID goes after a one', () => {
  const schemaGuid = 'e1e85d0f-7a2b-4c3d-9e8f-001122334412'
  const golden = bytes('01 e1e85d0f7a2b4c3d9e8f001122334412 7b2261223a317d')
  expect(encodeWireFormat(schemaGuid, payload)).toEqual(golden)
  expect(decodeWireFormat(golden)).toEqual({ schema: { schemaGuid }, payload })
  expect(() => encodeWireFormat('7', payload)).toThrow('wire_format_invalid: "7" is no GUID of a schema.')
})

test('a header names a schema and nothing else', () => {
  const header = bytes('01 e1e85d0f7a2b4c3d9e8f001122334412')
  expect(decodeSchemaHeader(header)).toEqual({ schemaGuid: 'e1e85d0f-7a2b-4c3d-9e8f-001122334412' })
  expect(decodeSchemaHeader(bytes('00 00000007'))).toEqual({ schemaId: 7 })
  expect(() => decodeSchemaHeader(bytes('00 00000007 7b'))).toThrow(
    "wire_format_invalid: The bytes are not in Confluent's wire format: The header has 6 bytes, 1 more than its schema takes.",
  )
})

test('bytes are read where they stand in a larger buffer', () => {
  const around = bytes('ffff 00 00000102 7b2261223a317d')
  expect(decodeWireFormat(around.subarray(2))).toEqual({ schema: { schemaId: 258 }, payload })
})

test('an empty payload is a payload', () => {
  const encoded = encodeWireFormat(3, new Uint8Array())
  expect(decodeWireFormat(encoded)).toEqual({ schema: { schemaId: 3 }, payload: new Uint8Array() })
})

test.each([
  ['', 'It begins with nothing'],
  ['7b2261223a317d', 'It begins with 0x7b'],
  ['00 0000', 'It has 3 bytes, and the schema alone takes 5.'],
  ['01 e1e85d', 'It has 4 bytes, and the schema alone takes 17.'],
  ['00 00000000 7b', 'It has the schema id 0; ids begin with 1.'],
  ['00 ffffffff 7b', 'It has the schema id -1; ids begin with 1.'],
])('%j is refused', (hex, reason) => {
  expect(() => decodeWireFormat(bytes(hex))).toThrow(
    `wire_format_invalid: The bytes are not in Confluent's wire format: ${reason}`,
  )
})

test.each([0, -1, 1.5, 2 ** 31, Number.NaN])('%d is no schema id', (schemaId) => {
  expect(() => encodeWireFormat(schemaId, payload)).toThrow(
    `wire_format_invalid: ${schemaId} is not a schema id.`,
  )
})
