import { expect, test } from 'vitest'
import { isTidingsError } from '../kernel/index.ts'
import { readKafkaUrl } from './kafka-url.ts'

test('A URL names brokers, with the usual port where none is said', () => {
  const { brokers, tls, sasl } = readKafkaUrl('kafka://a:19092,b,[::1]:7')
  expect(brokers).toEqual([
    { host: 'a', port: 19_092 },
    { host: 'b', port: 9_092 },
    { host: '::1', port: 7 },
  ])
  expect([tls, sasl]).toEqual([false, undefined])
})

test('Name and password may hold every character, escaped', () => {
  const { sasl, tls } = readKafkaUrl('kafka://al%40ice:a%3Ab%2F@a?mechanism=SCRAM-SHA-512&tls=true')
  expect(sasl).toEqual({ mechanism: 'SCRAM-SHA-512', username: 'al@ice', password: 'a:b/' })
  expect(tls).toBe(true)
})

test('Without a mechanism a name and password are PLAIN; with OAUTHBEARER the password is the token', () => {
  expect(readKafkaUrl('kafka://u:p@a').sasl).toEqual({ mechanism: 'PLAIN', username: 'u', password: 'p' })
  expect(readKafkaUrl('kafka://:t@a?mechanism=OAUTHBEARER').sasl).toEqual({
    mechanism: 'OAUTHBEARER',
    token: 't',
  })
})

test.each([
  'kafka://',
  'kafka:a',
  'kafka://a:70000',
  'kafka://a:x',
  'kafka://a,,b:c:d',
  'kafka://a?acks=1',
  'kafka://a?tls=yes',
  'kafka://a?mechanism=PLAIN',
  'kafka://u:secret@a?mechanism=NTLM',
  'kafka://u:%E0secret@a',
])('%s is refused, and shows no password', (url) => {
  const failure = (): unknown => {
    try {
      return readKafkaUrl(url)
    } catch (error) {
      return error
    }
  }
  expect(isTidingsError(failure(), 'url_invalid')).toBe(true)
  expect(String(failure())).not.toContain('secret')
})
