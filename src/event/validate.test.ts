import { describe, expect, test } from 'vitest'
import { isTidingsError, limits } from '../kernel/index.ts'
import { checkEvent, eventIssues } from './index.ts'

const event = { specversion: '1.0', id: '1', source: '/orders', type: 'order.created' }
const bytes = new Uint8Array([1, 2])

const accepted: Readonly<Record<string, readonly unknown[]>> = {
  id: ['1', 'a b', 'Euro € 😀'],
  source: [
    '/',
    'orders',
    '1-555-123-4567',
    'https://github.com/cloudevents',
    'mailto:cncf@lists.cncf.io',
    'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
    '//host:80/a?b=c#d',
    'http://user:secret@[::1]:8080/%20?x=/?#/?',
    'http://[v1.a:b]/',
    'http://host',
    '?query',
    '#fragment',
    './a:b',
    'a/b:c',
    'file:///etc',
    'x:',
  ],
  type: ['com.example', 'Ä'],
  subject: ['a', null, undefined],
  time: [
    '2026-01-31T12:00:00Z',
    '2026-01-31t12:00:00z',
    '2026-01-31T12:00:00.123456789+05:30',
    '2024-02-29T00:00:00Z',
    '2000-02-29T00:00:00-00:00',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.9+23:59',
    '2016-12-31T23:59:60Z',
    '2016-12-31T23:59:60.5Z',
    '1990-12-31T15:59:60-08:00',
    '2017-01-01T05:29:60+05:30',
    '2015-06-30t23:59:60z',
    null,
  ],
  datacontenttype: [
    'application/json',
    'Application/JSON',
    'text/plain; charset=utf-8',
    'text/plain;charset="utf-8; \\"x\\""',
    'application/vnd.api+json',
    'a/b; c=d; e=f',
    null,
  ],
  dataschema: ['https://example.com/schema?v=1', 'tidings:schemas/order/1', 'urn:x:y', null],
  traceparent: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', null],
  tracestate: ['', 'a=b'],
  partitionkey: ['k'],
  correlationid: ['c'],
  causationid: ['c'],
  sequence: ['0001'],
  region: ['eu', '', true, false, 0, -0, 2_147_483_647, -2_147_483_648, bytes, null, undefined],
  averyverylongattributename01: ['x'],
  data: [{ a: 1 }, [], 0, false, '', null, undefined, bytes],
  data_base64: ['', 'AQI=', 'AA==', 'AAAA', null],
}

const rejected: Readonly<Record<string, readonly unknown[]>> = {
  specversion: ['0.3', '1.0.2', '2.0', 1, '', null, undefined],
  id: [
    '',
    1,
    null,
    undefined,
    'a\nb',
    'a\u0000',
    'a\u007f',
    'a\u009f',
    '\ufdd0',
    '\ufffe',
    '\u{1ffff}',
    '\ud800',
    '\udc00',
  ],
  source: [
    '',
    ' ',
    'a b',
    'a:b c',
    '1:2',
    ':a',
    'http://[::1',
    'http://[zz]/',
    'http://[1:2]',
    '[',
    '%',
    '%4',
    '%zz',
    'é',
    '<a>',
    '{a}',
    'a#b#c',
    'http://h:8a',
    '\\',
    null,
  ],
  type: ['', 1, {}, null],
  subject: ['', 1, '\u0001'],
  time: [
    '',
    'yesterday',
    1,
    '2026-01-31',
    '2026-01-31 12:00:00Z',
    '2026-01-31T12:00:00',
    '2026-01-31T12:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-32T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:60:00Z',
    '2026-01-31T12:00:61Z',
    '2026-01-31T12:00:00.Z',
    '2026-01-31T12:00:00+24:00',
    '2026-01-31T12:00:00+05:60',
    '2026-01-31T12:00:00+0530',
    '26-01-31T12:00:00Z',
    '2016-12-31T22:59:60Z',
    '2016-12-30T23:59:60Z',
    '2016-12-31T23:59:60+01:00',
    '2026-01-31T12:00:00Z\n',
    '２026-01-31T12:00:00Z',
    new Date(0),
  ],
  datacontenttype: [
    '',
    'json',
    'a/',
    '/b',
    'a/b/c',
    'a b/c',
    'a/b;',
    'a/b; c',
    'a/b; c="',
    'a/b\r\nX: y',
    'ä/b',
    1,
  ],
  dataschema: ['', '/relative', 'schema.json', 'https://example.com/a b', 'https://example.com/a#b', '#a', 1],
  traceparent: ['', 1],
  tracestate: [1, '\n'],
  partitionkey: ['', 1],
  correlationid: ['', true],
  causationid: ['', 1],
  sequence: ['', 1],
  region: [
    1.5,
    2_147_483_648,
    -2_147_483_649,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    {},
    [],
    1n,
    '\ud800',
    'a\tb',
    new Date(0),
    new Uint16Array(1),
  ],
  data_base64: ['A', 'AQI', 'A_I=', 'AQ I', '====', 1, bytes],
  'my-extension': ['x', null],
  myExtension: ['x'],
  my_extension: ['x'],
  '': ['x'],
  ä: ['x'],
}

describe.each(Object.entries(accepted))('%s', (name, values) => {
  test.each(values.map((value) => [value]))('may be %j', (value) => {
    expect(eventIssues({ ...event, [name]: value })).toEqual([])
  })
})

describe.each(Object.entries(rejected))('%s', (name, values) => {
  test.each(values.map((value) => [typeof value === 'bigint' ? String(value) : value, value]))(
    'must not be %j',
    (_, value) => {
      expect(eventIssues({ ...event, [name]: value }).map(({ path }) => path)).toEqual([`/${name}`])
    },
  )
})

test.each([[undefined], [null], ['text'], [1], [[event]]])('%j is not an event', (value) => {
  expect(eventIssues(value)).toEqual([{ path: '', message: expect.stringContaining('must be an object') }])
})

test('data and data_base64 exclude each other', () => {
  expect(eventIssues({ ...event, data: 1, data_base64: 'AQI=' })).toHaveLength(1)
  expect(eventIssues({ ...event, data: null, data_base64: 'AQI=' })).toHaveLength(1)
  expect(eventIssues({ ...event, data: 1, data_base64: null })).toEqual([])
})

test.each([
  ['text/plain', 'text', true],
  ['text/plain', bytes, true],
  ['text/plain', { a: 1 }, false],
  ['application/xml', 1, false],
  ['text/json', { a: 1 }, true],
  ['application/problem+json; charset=utf-8', { a: 1 }, true],
  ['application/jsonlines', { a: 1 }, false],
])('data of %s may be %j: %s', (datacontenttype, data, valid) => {
  expect(eventIssues({ ...event, datacontenttype, data })).toHaveLength(valid ? 0 : 1)
})

test('a valid event is returned as it is', () => {
  const valid = { ...event, data: null, region: 'eu' }
  expect(checkEvent(valid)).toBe(valid)
})

test('attributes that are null or undefined are left out, data that is null is kept', () => {
  const checked = checkEvent({
    ...event,
    subject: null,
    time: undefined,
    region: null,
    data_base64: null,
    data: null,
  })
  expect(checked).toStrictEqual({ ...event, data: null })
})

test('base64 becomes bytes', () => {
  const checked = checkEvent({ ...event, data_base64: 'AQI=' })
  expect(checked).toStrictEqual({ ...event, data: bytes })
})

test('the error names every fault, in its details and in its sentence', () => {
  const invalid = { specversion: '1.0', source: 'a b', type: '', time: 'yesterday', 'a/b': 1 }
  try {
    checkEvent(invalid, '/3')
    expect.unreachable()
  } catch (error) {
    if (!isTidingsError(error, 'event_invalid')) throw error
    expect(error.details.issues.map(({ path }) => path)).toEqual([
      '/3/source',
      '/3/type',
      '/3/time',
      '/3/a~1b',
      '/3/id',
    ])
    for (const { path, message } of error.details.issues)
      expect(error.message).toContain(`${path} ${message}`)
    expect(error.message).toContain('(it is "yesterday")')
  }
})

test('what is shown of faults is bounded', () => {
  const names = Array.from({ length: 1_000 }, (_, index) => [
    `Name${index}${'x'.repeat(1_000)}`,
    'x'.repeat(1_000),
  ])
  const issues = eventIssues({ ...event, ...Object.fromEntries(names) })
  expect(issues).toHaveLength(limits.eventIssues)
  expect(JSON.stringify(issues).length).toBeLessThan(10_000)
})

test.each([
  ['source', `http://${'a'.repeat(500_000)} `],
  ['source', `${'%41'.repeat(200_000)} `],
  ['dataschema', `x://${'a:'.repeat(250_000)}@ `],
  ['datacontenttype', `a/b${'; a="'.repeat(100_001)}`],
  ['datacontenttype', `a/b${' '.repeat(500_000)}x`],
  ['data_base64', `${'A'.repeat(500_000)} `],
])('a hostile %s takes no long time', (name, value) => {
  const startedMs = performance.now()
  expect(eventIssues({ ...event, [name]: value })).toHaveLength(1)
  expect(performance.now() - startedMs).toBeLessThan(1_000)
})
