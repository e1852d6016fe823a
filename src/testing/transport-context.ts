import { fail } from 'node:assert/strict'
import { type CloudEvent, decodeEvent } from '../event/index.ts'
import type { OutgoingRecord, StoredRecord, Transport, TransportAdmin } from '../log/index.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface TransportContext extends AsyncDisposable {
  readonly transport: Transport
  readonly admin: TransportAdmin
  /** The engine's time: a virtual clock, or for an engine elsewhere `{ now: Date.now, advance }` that waits. */
  readonly clock: Pick<VirtualClock, 'now' | 'advance'>
}

/** The topic that the cases write to. */
export const topic = 'orders'

export async function createOrders({ admin }: TransportContext, partitions = 2): Promise<void> {
  await admin.createTopic({ name: topic, partitions, retention: { ageMs: undefined, bytes: undefined } })
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
export async function storedIds({ admin }: TransportContext, partition = 0, from = 0): Promise<string[]> {
  return (await admin.read(topic, partition, from, { maxRecords: 10_000, maxBytes: 2 ** 40 })).map(idOf)
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

/** Lets enough time pass for what should not happen to happen. */
export function quiet({ clock }: TransportContext): Promise<void> {
  return clock.advance(2_000)
}
