import { describe, expect, it } from 'vitest'
import type { CloudEvent } from '../event/index.ts'
import { dataschemaIn, dataschemaOf, defaultSchemaBase, versionOf } from './dataschema.ts'

function eventWith(dataschema: string | undefined, type = 'com.example.a'): CloudEvent {
  const event = { specversion: '1.0', id: 'id-1', source: '/s', type, data: {} } as const
  return dataschema === undefined ? event : { ...event, dataschema }
}

describe('dataschemaOf', () => {
  it('is base, type and version', () => {
    expect(dataschemaOf(defaultSchemaBase, 'com.example.a', 3)).toBe('tidings:schemas/com.example.a/3')
    expect(dataschemaOf('https://registry.example.com', 'com.example.a', 3)).toBe(
      'https://registry.example.com/com.example.a/3',
    )
  })

  it.each(['com.example.a', 'Order Created', 'orders/created', 'a%2Fb', 'é:1'])(
    'is read back by versionOf for the type %s',
    (type) => {
      expect(versionOf(eventWith(dataschemaOf('https://r.example.com/x', type, 12), type))).toBe(12)
    },
  )
})

describe('versionOf', () => {
  it('takes any base', () => {
    expect(versionOf(eventWith('urn:x/com.example.a/7'))).toBe(7)
  })

  it.each([
    undefined,
    'https://r.example.com/com.example.a',
    'https://r.example.com/com.example.other/1',
    'https://r.example.com/xcom.example.a/1',
    'https://r.example.com/com.example.a/0',
    'https://r.example.com/com.example.a/1.5',
    'https://r.example.com/com.example.a/1e3',
    'https://r.example.com/com.example.a/99999999999999999999',
    'https://r.example.com/com.example.a/1/',
  ])('does not know the version of %s, and takes what the consumer assumes', (dataschema) => {
    expect(() => versionOf(eventWith(dataschema))).toThrow(
      /^version_unknown: The event id-1 of type com\.example\.a/,
    )
    expect(versionOf(eventWith(dataschema), 2)).toBe(2)
  })

  it('believes the event before the consumer', () => {
    expect(versionOf(eventWith('tidings:schemas/com.example.a/3'), 2)).toBe(3)
  })
})

describe('dataschemaIn', () => {
  it('names another version under the same base, and leaves what it does not know', () => {
    expect(dataschemaIn(eventWith('https://r.example.com/com.example.a/1'), 3)).toBe(
      'https://r.example.com/com.example.a/3',
    )
    expect(dataschemaIn(eventWith('https://example.com/their-schema'), 3)).toBe(
      'https://example.com/their-schema',
    )
    expect(dataschemaIn(eventWith(undefined), 3)).toBeUndefined()
  })
})
