import { type SelectedOf, versionOf } from '../catalog/index.ts'
import { decodeEvent } from '../event/index.ts'
import { limits } from '../kernel/index.ts'
import type { Start, StoredRecord, TransportAdmin } from '../log/index.ts'
import type { DeliveryEntry, HealthEntry } from './entries.ts'
import { type DeliveriesData, deliveriesReported, journalTopic } from './journal-events.ts'
import type { JournalGap, JournalPart, JournalView } from './journal-view.ts'

/** Reads what members have reported from the topic into a view; entries that it does not know are passed over. */
export class JournalReader {
  readonly #admin: TransportAdmin
  readonly #view: JournalView
  readonly #from: Start
  /** Of each member, how many of its entries were read, and given up by itself, so that those that never came show. */
  readonly #counted = new Map<string, number>()
  /** Events of types or versions that this program does not know. */
  unknown = 0

  /** @param options `from`: where a view that has read nothing yet begins. Default: the start. */
  constructor(admin: TransportAdmin, view: JournalView, options: { readonly from?: Start | undefined } = {}) {
    this.#admin = admin
    this.#view = view
    this.#from = options.from ?? 'start'
  }

  /** Reads all that is there now, from where the view stands. Fulfils with whether there was anything; rejects when aborted. */
  async catchUp(signal?: AbortSignal): Promise<boolean> {
    const topic = (await this.#admin.topics()).find(({ name }) => name === journalTopic.name)
    const position = await this.#view.position()
    let found = false
    for (const { partition, begin, end } of topic?.bounds ?? []) {
      const known = position.get(partition)
      let from = Math.max(
        begin,
        known ?? (await this.#admin.offsetOf(journalTopic.name, partition, this.#from)),
      )
      while (from < end) {
        signal?.throwIfAborted()
        const bounds = { maxRecords: limits.journalReadEvents, maxBytes: limits.journalReadBytes }
        const records = await this.#admin.read(journalTopic.name, partition, from, bounds)
        const last = records.at(-1)
        if (last === undefined) break
        from = last.offset + 1
        found = true
        await this.#view.add(await this.#partOf(partition, from, records))
      }
    }
    return found
  }

  async #partOf(partition: number, next: number, records: readonly StoredRecord[]): Promise<JournalPart> {
    const deliveries: DeliveryEntry[] = []
    const health: HealthEntry[] = []
    const gaps: JournalGap[] = []
    for (const record of records) {
      const event = await readable(record)
      if (event === undefined) {
        this.unknown += 1
      } else if (event.type === deliveriesReported.type) {
        const { data } = event
        const { service, member, group } = data
        gaps.push(...this.#gapBefore(data))
        for (const each of data.deliveries) deliveries.push({ service, member, group, ...each })
      } else {
        health.push(event.data)
      }
    }
    return { partition, next, deliveries, health, gaps }
  }

  #gapBefore({ member, group, before, deliveries }: DeliveriesData): JournalGap[] {
    const name = `${group} ${member}`
    const counted = this.#counted.get(name)
    this.#counted.delete(name)
    this.#counted.set(name, before + deliveries.length)
    for (const oldest of this.#counted.keys()) {
      if (this.#counted.size <= limits.journalMembers) break
      this.#counted.delete(oldest)
    }
    const missing = counted === undefined ? 0 : before - counted
    return missing > 0 ? [{ member, group, missing, at: deliveries[0]?.at ?? 0 }] : []
  }
}

/** Undefined for what is not of the journal, or of a version that this program does not have yet. */
async function readable({
  encoded,
}: StoredRecord): Promise<SelectedOf<typeof journalTopic>['event'] | undefined> {
  try {
    const event = decodeEvent(encoded)
    return (await journalTopic.decode(event, versionOf(event))).event
  } catch {
    return undefined
  }
}
