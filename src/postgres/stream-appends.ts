import {
  type Appended,
  appendedAlready,
  checkVersion,
  type ExpectedVersion,
  type StreamEvent,
  type StreamId,
} from '../streams/index.ts'

/** One append of several that share a transaction. */
export interface StreamAppend {
  readonly stream: StreamId
  readonly events: readonly StreamEvent[]
  readonly expected: ExpectedVersion
}

/** Where an event of an id is, and how far a stream is. */
export interface StreamPlace {
  readonly stream: StreamId
  readonly version: number
}

/** An event with the version that it gets. */
export interface NumberedEvent extends StreamEvent, StreamPlace {}

export type AppendOutcome = { readonly appended: Appended } | { readonly error: unknown }

/** What comes of appends, one after the other: what is to be written, and what each is told. */
export interface DecidedAppends {
  readonly outcomes: readonly AppendOutcome[]
  readonly events: readonly NumberedEvent[]
  /** The streams that get events, with their versions after it. */
  readonly streams: readonly StreamPlace[]
}

/**
 * Decides appends as if each was made after the one before.
 * @param versions of those of their streams that are there.
 * @param places of those of their events that are there, by id.
 */
export function decideAppends(
  appends: readonly StreamAppend[],
  versions: readonly StreamPlace[],
  places: ReadonlyMap<string, StreamPlace>,
): DecidedAppends {
  const known = new Map(places)
  const heads = new Map(versions.map((each) => [keyOf(each.stream), each]))
  const changed = new Set<string>()
  const events: NumberedEvent[] = []
  const outcomes = appends.map(({ stream, events: added, expected }): AppendOutcome => {
    const key = keyOf(stream)
    const actual = heads.get(key)?.version ?? 0
    try {
      const before = added.length === 0 ? undefined : appendedAlready(stream, added, (id) => known.get(id))
      if (before !== undefined) return { appended: { version: before, written: false } }
      checkVersion(stream, expected, actual)
    } catch (error) {
      return { error }
    }
    const numbered = added.map((event, index) => ({ ...event, stream, version: actual + index + 1 }))
    for (const each of numbered) known.set(each.id, each)
    const version = actual + added.length
    if (added.length > 0) changed.add(key)
    heads.set(key, { stream, version })
    events.push(...numbered)
    return { appended: { version, written: true } }
  })
  return { outcomes, events, streams: [...heads].flatMap(([key, head]) => (changed.has(key) ? [head] : [])) }
}

export function keyOf({ name, id }: StreamId): string {
  return JSON.stringify([name, id])
}
