import { type Catalog, type EventDefinition, type Topic, versionOf } from '../catalog/index.ts'
import type { DeadLetterState, DeadLetterStore } from '../dead-letter/index.ts'
import { decodeEvent, type EncodedEvent } from '../event/index.ts'
import { isTidingsError, limits, TidingsError } from '../kernel/index.ts'
import type { TransportAdmin } from '../log/index.ts'

const unfinished: readonly DeadLetterState[] = ['set-aside', 'dead', 'parked', 'requested']

/** What is looked through: the log and the dead letters of an engine. */
interface Kept {
  readonly admin: Pick<TransportAdmin, 'topics' | 'read'>
  readonly deadLetters: Pick<DeadLetterStore, 'list'>
}

/** Events of one version that the code has no longer. */
interface Uncovered {
  readonly type: string
  readonly version: number
  readonly oldest: number
  count: number
  /** Where the first of them is. */
  readonly place: string
}

/**
 * Looks for events whose version the code has no longer: no upcaster would bring them to the newest. Versions are
 * without a gap, so only a definition that begins after version 1 can lack one; for all others nothing is read.
 * It reads the oldest `limits.coverageEvents` of a topic and `limits.coverageDeadLetters`: an older version that
 * lies beyond is found when it is delivered, and becomes a dead letter then.
 * @throws `version_uncovered` with the list.
 */
export async function checkCoverage(catalog: Catalog, kept: Kept): Promise<void> {
  const found = new Map<string, Uncovered>()
  for (const topic of catalog.topics) {
    const shortened = topic.events.filter(({ oldestVersion }) => oldestVersion > 1)
    if (shortened.length === 0) continue
    const look = lookFor(shortened, found)
    await lookInLog(kept, topic, look)
    await lookInDeadLetters(kept, topic, look)
  }
  if (found.size > 0) throw uncovered([...found.values()])
}

type Look = (encoded: EncodedEvent, place: () => string) => void

function lookFor(definitions: readonly EventDefinition[], found: Map<string, Uncovered>): Look {
  const oldest = new Map(definitions.map(({ type, oldestVersion }) => [type, oldestVersion]))
  const segments = [...oldest.keys()].map((type) => `/${encodeURIComponent(type)}/`)
  return (encoded, place) => {
    // Parsing is what costs, and most events of a topic are of other types.
    if (typeof encoded === 'string' && !segments.some((segment) => encoded.includes(segment))) return
    const written = writtenIn(encoded)
    const first = written && oldest.get(written.type)
    if (written === undefined || first === undefined || written.version >= first) return
    const name = `${written.version} ${written.type}`
    const known = found.get(name)
    if (known === undefined) found.set(name, { ...written, oldest: first, count: 1, place: place() })
    else known.count += 1
  }
}

/** What cannot be read, or names no version, is dealt with when it is delivered. */
function writtenIn(encoded: EncodedEvent): { readonly type: string; readonly version: number } | undefined {
  try {
    const event = decodeEvent(encoded)
    return { type: event.type, version: versionOf(event) }
  } catch {
    return undefined
  }
}

async function lookInLog({ admin }: Kept, { name }: Topic, look: Look): Promise<void> {
  const bounds = (await admin.topics()).find((topic) => topic.name === name)?.bounds ?? []
  const share = Math.ceil(limits.coverageEvents / Math.max(1, bounds.length))
  for (const { partition, begin, end } of bounds) {
    const last = Math.min(end, begin + share)
    let next = begin
    while (next < last) {
      const limit = { maxRecords: Math.min(last - next, limits.coveragePage), maxBytes: limits.coverageBytes }
      const records = await admin.read(name, partition, next, limit).catch(ignoreCorrupt)
      for (const { encoded, offset } of records) look(encoded, () => `${name}/${partition} offset ${offset}`)
      next = (records.at(-1)?.offset ?? last) + 1
    }
  }
}

/** A record that was damaged is refused where it is delivered; publishing need not stop for it. */
function ignoreCorrupt(error: unknown): readonly [] {
  if (isTidingsError(error, 'record_corrupt')) return []
  throw error
}

async function lookInDeadLetters({ deadLetters }: Kept, { name }: Topic, look: Look): Promise<void> {
  const filter = { topic: name, states: unfinished }
  let left: number = limits.coverageDeadLetters
  let after: string | undefined
  do {
    const page = await deadLetters.list(filter, { limit: Math.min(left, limits.coveragePage), after })
    for (const { encoded, id } of page.entries) look(encoded, () => `dead letter ${id}`)
    left -= page.entries.length
    after = page.next
  } while (after !== undefined && left > 0)
}

function uncovered(found: readonly Uncovered[]): TidingsError {
  const lines = found
    .toSorted((a, b) => (a.type === b.type ? a.version - b.version : a.type < b.type ? -1 : 1))
    .map(
      ({ type, version, oldest, count, place }) =>
        `version ${version} of ${type} (${count} found, the first at ${place}), which the code has from version ${oldest}`,
    )
  return new TidingsError(
    'version_uncovered',
    `There still are events that no upcaster brings to the newest version: ${lines.join('; ')}. Keep those versions and their upcasters until retention has deleted the events, and redrive or discard the dead letters.`,
  )
}
