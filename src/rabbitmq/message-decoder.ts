import { createHash } from 'node:crypto'
import type { ConsumeMessage } from 'amqplib'
import { type EncodedEvent, readAmqp } from '../event/index.ts'

/** What the messages of a topic are that others publish there, without the headers of a CloudEvent. */
export interface ForeignMessages {
  /** The type that their events get. */
  readonly type: string
  /** Where they come from; `/rabbitmq/<topic>` unless it is said. */
  readonly source?: string | undefined
}

/** Set by this engine, and by RabbitMQ's plugin for it. */
export const stampHeader = 'timestamp_in_ms'

/** When a message was published in ms, as its publisher says; undefined when it does not say. */
export function stampOf({ properties }: ConsumeMessage): number | undefined {
  const stamp: unknown = properties.headers?.[stampHeader]
  if (typeof stamp === 'number') return stamp
  return typeof properties.timestamp === 'number' ? properties.timestamp * 1_000 : undefined
}

/** What a message is known by when it is delivered again. */
export function identityOf({ properties, content }: ConsumeMessage): string {
  const hash = createHash('sha256').update(String(properties.messageId)).update('\0').update(content)
  return hash.digest('base64url').slice(0, 22)
}

/** The event of a message, its data not parsed yet. What cannot be read keeps its bytes and is no event. */
export function eventOfMessage(
  topic: string,
  message: ConsumeMessage,
  foreign: Readonly<Record<string, ForeignMessages>>,
): EncodedEvent {
  const { properties, content } = message
  const { contentType, headers } = properties
  try {
    const encoded = readAmqp({ contentType, headers, content })
    if (typeof encoded === 'string' || encoded.attributes['specversion'] !== undefined) return encoded
  } catch {
    return { attributes: {}, body: content }
  }
  const declared = Object.hasOwn(foreign, topic) ? foreign[topic] : undefined
  return declared === undefined ? { attributes: {}, body: content } : foreignEvent(declared, topic, message)
}

/** The event of such a message. Without a message-id, equal messages of one millisecond are one event to an inbox. */
function foreignEvent(
  { type, source }: ForeignMessages,
  topic: string,
  message: ConsumeMessage,
): EncodedEvent {
  const { properties, content } = message
  const stamp = stampOf(message)
  const { messageId, correlationId, contentType } = properties
  const attributes = {
    specversion: '1.0',
    id: isText(messageId) ? messageId : hashOf(content, stamp),
    source: source ?? `/rabbitmq/${topic}`,
    type,
    datacontenttype: isText(contentType) ? contentType : 'application/json',
    ...(stamp !== undefined && { time: new Date(stamp).toISOString() }),
    ...(isText(correlationId) && { correlationid: correlationId }),
  }
  return { attributes, body: content }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function hashOf(content: Buffer, stamp: number | undefined): string {
  return createHash('sha256').update(content).update(`@${stamp}`).digest('hex')
}
