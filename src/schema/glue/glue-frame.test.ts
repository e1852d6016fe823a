import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { limits } from '../../kernel/index.ts'
import { decodeGlueFrame, encodeGlueFrame, isGlueFrame } from './glue-frame.ts'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const payload = new TextEncoder().encode('{"a":1}')
const schemaVersionId = 'b7b4a7f0-199b-41a5-91f1-a3f3f5f5a3c1'
const head = 'b7b4a7f0199b41a591f1a3f3f5f5a3c1'

test('the golden bytes of a payload as it is: 3, 0, the UUID big-endian, the payload', () => {
  const golden = bytes(`03 00 ${head} 7b2261223a317d`)
  expect(encodeGlueFrame(schemaVersionId, payload)).toEqual(golden)
  expect(decodeGlueFrame(golden)).toEqual({ schemaVersionId, payload })
})

test('the golden bytes of a payload compressed by zlib: 3, 5, the UUID, what zlib of any level makes of it', () => {
  const golden = bytes(`03 05 ${head} 789cab564a54b232ac0500082a0209`)
  expect(encodeGlueFrame(schemaVersionId, payload, { compress: true })).toEqual(golden)
  expect(decodeGlueFrame(golden).payload).toEqual(Buffer.from(payload))
  const stored = deflateSync(payload, { level: 0 })
  expect(decodeGlueFrame(Buffer.concat([bytes(`03 05 ${head}`), stored])).payload).toEqual(
    Buffer.from(payload),
  )
})

test('bytes are read where they stand in a larger buffer, and an empty payload is one', () => {
  const around = bytes(`ffff 03 00 ${head}`)
  expect(decodeGlueFrame(around.subarray(2))).toEqual({ schemaVersionId, payload: new Uint8Array() })
})

test('no JSON and no frame of Confluent begins like one', () => {
  expect([`0300${head}`, '7b7d', '0000000001', `01${head}`].map((hex) => isGlueFrame(bytes(hex)))).toEqual([
    true,
    false,
    false,
    false,
  ])
})

test.each([
  ['', 'It does not begin with 0x03.'],
  [`00 00 ${head}`, 'It does not begin with 0x03.'],
  ['03 00 b7b4', 'It has 4 bytes, and the schema alone takes 18.'],
  [`03 07 ${head}`, 'Its second byte is 7, neither 0 (as it is) nor 5 (zlib).'],
  [`03 05 ${head} 7b7d`, `It does not become ${limits.eventBytes} bytes or fewer by zlib.`],
])('%j is refused', (hex, reason) => {
  expect(() => decodeGlueFrame(bytes(hex))).toThrow(
    `wire_format_invalid: The bytes are not in the wire format of AWS Glue: ${reason}`,
  )
})

test('a small frame that would become a large payload is refused', () => {
  const bomb = encodeGlueFrame(schemaVersionId, new Uint8Array(limits.eventBytes + 1), { compress: true })
  expect(bomb.length).toBeLessThan(2_000)
  expect(() => decodeGlueFrame(bomb)).toThrow('bytes or fewer by zlib')
})

test('what is no UUID is no schema version', () => {
  expect(() => encodeGlueFrame('7', payload)).toThrow('wire_format_invalid: "7" is no GUID of a schema.')
})
