import { fail } from 'node:assert/strict'
import { type CloudEvent, decodeEvent } from '../event/index.ts'
import type {
  OutgoingRecord,
  StoredRecord,
  SubscribeRequest,
  Transport,
  TransportAdmin,
} from '../log/index.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface TransportContext extends AsyncDisposable {
  readonly transport: Transport
  readonly admin: TransportAdmin
  /** The engine's time: a virtual clock, or for an engine elsewhere `{ now: Date.now, advance }` that waits. */
  readonly clock: Pick<VirtualClock, 'now' | 'advance'>
}

/** The topic that the cases write to. */
export const topic = 'orders'

/** Creates the topic; on an engine that keeps nothing for groups that are yet to come, also the groups of the cases. */
export async function createOrders(context: TransportContext, partitions = 2): Promise<void> {
  const { admin, transport } = context
  await admin.createTopic({ name: topic, partitions, retention: { ageMs: undefined, bytes: undefined } })
  if (transport.capabilities.replay.start) return
  for (const group of ['billing', 'audit', reader])
    await (await transport.subscribe({ ...request, group, member: 'first', start: 'end' })).close()
}

/** The group that sees what is stored where it cannot be read without one. */
const reader = 'reader'

/** How members of the cases join, unless a case says otherwise. */
export const request: SubscribeRequest = {
  group: 'billing',
  member: 'one',
  topics: [topic],
  start: 'start',
  sessionTimeoutMs: 10_000,
  rewind: 'allowed',
  heartbeatEveryMs: 500,
  blockedMs: 60_000,
  fetch: { maxRecords: 100, maxBytes: 1_000_000 },
}

export function outgoing(id: string, options: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { topic, partition: 0, event: eventOf(id), notBefore: undefined, ...options }
}

export function eventOf(id: string, data: unknown = { id }): CloudEvent {
  return { specversion: '1.0', id, source: '/contract', type: 'com.example.orders.placed', data }
}

/** Publishes events with these ids, each call after the one before. */
export async function publish(
  { transport }: TransportContext,
  ids: readonly string[],
  partition = 0,
): Promise<void> {
  for (const id of ids) await transport.publish([outgoing(id, { partition })], { tx: undefined })
}

export function idOf({ encoded }: StoredRecord): string {
  return decodeEvent(encoded).id
}

/** The ids stored from an offset on. */
export async function storedIds(context: TransportContext, partition = 0, from = 0): Promise<string[]> {
  return (await stored(context, partition, from)).map(idOf)
}

/** What is stored from an offset on: as it is read, or as a group gets it that commits nothing. */
export async function stored(
  context: TransportContext,
  partition = 0,
  from = 0,
): Promise<readonly StoredRecord[]> {
  const { admin, transport } = context
  if (transport.capabilities.replay.offset)
    return admin.read(topic, partition, from, { maxRecords: 10_000, maxBytes: 2 ** 40 })
  const subscription = await transport.subscribe({ ...request, group: reader })
  const records: StoredRecord[] = []
  const reading = (async () => {
    for await (const batch of subscription) records.push(...batch.records)
  })()
  await context.clock.advance(2_000)
  await subscription.close()
  await reading
  return records.filter((record) => record.partition === partition)
}

/** How long an engine may take, by its own clock: longer than a session. */
const patienceMs = 60_000
const stepMs = 100

/** Lets time pass until it is so. */
export async function eventually(
  { clock }: TransportContext,
  what: string,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += stepMs) {
    if (await isSo()) return
    await clock.advance(stepMs)
  }
  fail(`In ${patienceMs} ms it did not come to this: ${what}.`)
}

/** Lets enough time pass for what should not happen to happen: two heartbeats. */
export function quiet({ clock }: TransportContext): Promise<void> {
  return clock.advance(1_000)
}

/** Waits until a group has committed all that is stored; of an engine whose lag is exact. */
export function hasCommitted(context: TransportContext, group: string): Promise<void> {
  return eventually(context, 'all is committed', async () =>
    (await context.admin.lag(group)).every(({ lag }) => lag === 0),
  )
}
