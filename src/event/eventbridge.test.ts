import { describe, expect, test } from 'vitest'
import { isTidingsError } from '../kernel/index.ts'
import type { CloudEvent } from './cloud-event.ts'
import { decodeEvent } from './encoded.ts'
import { encodeEventBridge, readEventBridge } from './eventbridge.ts'

const placed: CloudEvent = {
  specversion: '1.0',
  id: 'o-1',
  source: '/orders',
  type: 'com.example.orders.placed',
  subject: 'orders/1',
  data: { text: 'é \u{1F4E6} "\\', list: [1, null] },
}

/** As a rule delivers what PutEvents was given. */
function delivered(event: CloudEvent, resources: readonly string[] = []): string {
  const { source, detailType, detail } = encodeEventBridge(event)
  return JSON.stringify({
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': detailType,
    source,
    account: '111122223333',
    time: '2017-12-22T18:43:48Z',
    region: 'us-west-1',
    resources,
    detail: JSON.parse(detail),
  })
}

describe('An event for EventBridge', () => {
  test('is the detail, with its source and its type beside it for rules', () => {
    expect(encodeEventBridge(placed)).toEqual({
      source: '/orders',
      detailType: 'com.example.orders.placed',
      detail: JSON.stringify(placed),
    })
  })

  test('comes back as it was, bytes too', () => {
    for (const event of [placed, { ...placed, data: new Uint8Array([0, 255, 128]), due: 7 }])
      expect(decodeEvent(readEventBridge(delivered(event)).encoded)).toEqual(event)
    expect(readEventBridge(delivered(placed, ['tidings:orders/3'])).resources).toEqual(['tidings:orders/3'])
  })

  test.each([
    ['a type of more than 128 characters', { type: 'x'.repeat(129) }, '/type'],
    ['a source of AWS', { source: 'aws.ec2' }, '/source'],
    ['a source of more than 256 characters', { source: `/${'x'.repeat(256)}` }, '/source'],
  ])('is refused with %s', (_, fields, path) => {
    let thrown: unknown
    try {
      encodeEventBridge({ ...placed, ...fields })
    } catch (error) {
      thrown = error
    }
    expect(
      isTidingsError(thrown, 'event_invalid') && thrown.details.issues.map((issue) => issue.path),
    ).toEqual([path])
  })
})

describe('An event of AWS itself', () => {
  const stopped = {
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': 'EC2 Instance State-change Notification',
    source: 'aws.ec2',
    account: '111122223333',
    time: '2017-12-22T18:43:48Z',
    region: 'us-west-1',
    resources: ['arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0'],
    detail: { 'instance-id': 'i-1234567890abcdef0', state: 'terminated' },
  }

  test('becomes a CloudEvent', () => {
    expect(decodeEvent(readEventBridge(JSON.stringify(stopped)).encoded)).toEqual({
      specversion: '1.0',
      id: stopped.id,
      source: 'aws.ec2',
      type: 'EC2 Instance State-change Notification',
      subject: 'arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0',
      time: '2017-12-22T18:43:48Z',
      datacontenttype: 'application/json',
      awsaccount: '111122223333',
      awsregion: 'us-west-1',
      data: stopped.detail,
    })
  })

  test('has no subject when it is of several resources, or of none', () => {
    for (const resources of [[], ['arn:a', 'arn:b']]) {
      const { encoded } = readEventBridge(JSON.stringify({ ...stopped, resources }))
      expect(decodeEvent(encoded).subject).toBeUndefined()
    }
  })
})

test.each(['', '7', '[]', '{}', '{"detail":null}', '{"detail":[]}', '{"detail":"text"}', '{'])(
  'What is no envelope is refused: %s',
  (text) => {
    expect(() => readEventBridge(text)).toThrow(/^(event_invalid|json_invalid): /)
  },
)
