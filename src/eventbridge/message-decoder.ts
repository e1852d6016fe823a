import { createHash } from 'node:crypto'
import { decodeEvent, type EncodedEvent, partitionKeyOf, readEventBridge } from '../event/index.ts'
import { partitionOf } from '../log/index.ts'
import type { ReceivedMessage } from './message-queue.ts'
import { placeIn } from './rules.ts'

/** Attributes of a message that is a dead letter delivered again: the event is its body. */
export const letterAttribute = 'tidings-dead-letter'
export const partitionAttribute = 'tidings-partition'

/** What a message holds. */
export interface DecodedMessage {
  readonly partition: number
  /** Not parsed yet. What cannot be read keeps its bytes and is no event. */
  readonly encoded: EncodedEvent
  /** The offset of its dead letter, should it become one: that of the message, or of the one that is delivered again. */
  readonly letterOffset: number
  /** Whether it is a dead letter that is delivered again. */
  readonly redriven: boolean
}

export function decodeMessage(
  { id, body, attributes }: Pick<ReceivedMessage, 'id' | 'body' | 'attributes'>,
  topic: string,
  partitions: number,
): DecodedMessage {
  const letter = attributes[letterAttribute]
  if (letter !== undefined) {
    const partition = Number(attributes[partitionAttribute] ?? 0)
    return { partition, encoded: body, letterOffset: Number(letter), redriven: true }
  }
  const letterOffset = offsetOfMessage(id)
  try {
    const { encoded, resources } = readEventBridge(body)
    const place = placeIn(resources)
    const isOurs = place?.topic === topic && place.partition < partitions
    const partition = isOurs ? place.partition : partitionByKey(encoded, partitions)
    return { partition, encoded, letterOffset, redriven: false }
  } catch {
    const raw = { attributes: {}, body: Buffer.from(body) }
    return { partition: 0, encoded: raw, letterOffset, redriven: false }
  }
}

/** Of an event that others put on the bus. */
function partitionByKey(encoded: EncodedEvent, partitions: number): number {
  try {
    const event = decodeEvent(encoded)
    return partitionOf(partitionKeyOf(event) ?? event.id, partitions)
  } catch {
    return 0
  }
}

/** Whoever gets a message again finds its dead letter under the same offset: it is made of the message's id. */
export function offsetOfMessage(id: string): number {
  const hash = createHash('sha256').update(id).digest()
  return Number(hash.readBigUInt64BE(0) >> 11n)
}
