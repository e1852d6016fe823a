import { type EncodedEvent, readKafka } from '../event/index.ts'
import type { StoredRecord } from '../log/index.ts'
import type { KafkaRecord } from './record-batches.ts'
import { type ForeignRecords, foreignEvent } from './foreign-records.ts'

/** Makes stored records of what lies on a broker; their data is not parsed yet. */
export class RecordDecoder {
  readonly #foreign: Readonly<Record<string, ForeignRecords>>

  /** @param foreign by topic, what records are that are no CloudEvents. */
  constructor(foreign: Readonly<Record<string, ForeignRecords>>) {
    this.#foreign = foreign
  }

  /** @throws what a registry throws that does not answer. */
  async stored(
    topic: string,
    partition: number,
    records: readonly KafkaRecord[],
  ): Promise<readonly StoredRecord[]> {
    const stored: StoredRecord[] = []
    for (const record of records) {
      const { offset, timestamp } = record
      const encoded = this.#event(record)
      // Not awaited where it is an event already: there may be thousands.
      const event = encoded ?? (await this.#foreignEvent(topic, partition, record))
      stored.push({ topic, partition, offset, appendedAt: timestamp, encoded: event })
    }
    return stored
  }

  /** Undefined for a record that says of itself no CloudEvent. */
  #event({ headers, value }: KafkaRecord): EncodedEvent | undefined {
    try {
      const encoded = readKafka({ headers, value })
      return typeof encoded === 'string' || encoded.attributes['specversion'] !== undefined
        ? encoded
        : undefined
    } catch {
      return { attributes: {}, body: value ?? undefined }
    }
  }

  async #foreignEvent(topic: string, partition: number, record: KafkaRecord): Promise<EncodedEvent> {
    const declared = Object.hasOwn(this.#foreign, topic) ? this.#foreign[topic] : undefined
    if (declared === undefined) return { attributes: {}, body: record.value ?? undefined }
    return foreignEvent(declared, topic, partition, record)
  }
}
