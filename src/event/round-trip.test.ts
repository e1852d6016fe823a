import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CloudEvent,
  checkEvent,
  decodeAmqp,
  decodeEvent,
  decodeHttp,
  decodeJson,
  decodeJsonBatch,
  decodeKafka,
  encodeAmqp,
  encodeBinary,
  encodeHttp,
  encodeHttpBatch,
  encodeJson,
  encodeJsonBatch,
  encodeKafka,
  eventIssues,
  parseJson,
  readJson,
} from './index.ts'

const text = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('a', ' ', '"', '%', '\\', '%41'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 20,
  })
  .filter((value) => eventIssues({ specversion: '1.0', id: value, source: '/', type: 't' }).length === 0)
const source = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc.uuid(),
  fc.constant('/a%20b'),
)
const time = fc
  .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString())
const extensionName = fc.stringMatching(/^x[a-z0-9]{1,10}$/)
const isSafe = (value: string): boolean => !value.includes('"__proto__"')
const json = fc
  .json({ maxDepth: 4 })
  .filter(isSafe)
  // Written once, so that -0 is already 0.
  .map((value): unknown => JSON.parse(JSON.stringify(JSON.parse(value))))
const bytes = fc.uint8Array({ maxLength: 50 }).map((value) => new Uint8Array(value))

/** Data with its media type, or neither. */
const content = fc.oneof(
  fc.record({
    datacontenttype: fc.constantFrom('application/json', 'text/json', 'a/b+json; c="d"'),
    data: json,
  }),
  fc.record({
    datacontenttype: fc.constantFrom('text/plain', 'text/plain; charset=utf-8'),
    data: fc.string({ unit: 'binary' }),
  }),
  fc.record({ datacontenttype: fc.constantFrom('image/png', 'application/xml'), data: bytes }),
  fc.record({ datacontenttype: fc.constant('application/json') }),
  fc.record({ data: bytes.filter(({ length }) => length > 0) }),
  fc.constant({}),
)

const events: fc.Arbitrary<CloudEvent> = fc
  .record(
    { id: text, source, type: text, subject: text, time, partitionkey: text, correlationid: text },
    { requiredKeys: ['id', 'source', 'type'] },
  )
  .chain((attributes) =>
    fc
      .tuple(fc.dictionary(extensionName, text, { maxKeys: 3, noNullPrototype: true }), content)
      .map(([extensions, rest]) => checkEvent({ specversion: '1.0', ...attributes, ...extensions, ...rest })),
  )

const carriers: readonly [string, (event: CloudEvent) => unknown][] = [
  ['JSON', (event) => decodeJson(encodeJson(event))],
  ['JSON of our own', (event) => readJson(encodeJson(event))],
  ['a JSON batch', (event) => decodeJsonBatch(encodeJsonBatch([event]))[0]],
  ['structured HTTP', (event) => decodeHttp(encodeHttp(event, { mode: 'structured' }))[0]],
  ['batched HTTP', (event) => decodeHttp(encodeHttpBatch([event]))[0]],
  ['binary HTTP', (event) => decodeHttp(encodeHttp(event, { mode: 'binary' }))[0]],
  ['structured Kafka', (event) => decodeKafka(encodeKafka(event, { mode: 'structured' }))],
  ['binary Kafka', (event) => decodeKafka(encodeKafka(event, { mode: 'binary' }))],
  ['structured AMQP', (event) => decodeAmqp(encodeAmqp(event, { mode: 'structured' }))],
  ['binary AMQP', (event) => decodeAmqp(encodeAmqp(event, { mode: 'binary' }))],
  ['binary mode without a binding', (event) => decodeEvent(encodeBinary(event))],
]

describe.each(carriers)('through %s', (_, carry) => {
  test('every event comes back', () => {
    fc.assert(
      fc.property(events, (event) => {
        expect(carry(event)).toStrictEqual(event)
      }),
      { numRuns: 300 },
    )
  })
})

test('any JSON that parseJson accepts is what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.json().filter(isSafe), (value) => {
      expect(parseJson(value)).toStrictEqual(JSON.parse(value))
    }),
  )
})

test('whatever comes in is an event or refused with issues, never a crash', () => {
  const attribute = fc.constantFrom(
    'specversion',
    'id',
    'source',
    'type',
    'time',
    'datacontenttype',
    'data',
    'data_base64',
    'x',
  )
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.dictionary(attribute, fc.anything())), (value) => {
      expect(Array.isArray(eventIssues(value))).toBe(true)
    }),
  )
})
