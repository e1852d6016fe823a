import type { DeliveryEntry, EventEntry } from './entries.ts'

/** An event, what became of it in each group, and the events that followed from it. */
export interface TracedEvent {
  readonly event: EventEntry
  readonly topic: string
  /** In ms since the Unix epoch, by the clock of its publisher; undefined where it says none. */
  readonly publishedAt: number | undefined
  readonly appendedAt: number
  readonly groups: readonly TracedGroup[]
  /** What followed from it without a group that is known to have published it. */
  readonly followers: readonly TracedEvent[]
}

export interface TracedGroup {
  readonly group: string
  readonly service: string
  /** In the order in which they ended. */
  readonly deliveries: readonly DeliveryEntry[]
  /** Events whose cause this is, published by the service of the group. */
  readonly followers: readonly TracedEvent[]
}

/**
 * The deliveries of a trace as what followed from what. An event follows from the one that its `causationid` names; it is
 * put under the group of that event which is of the service that published it. Events whose cause is not here come first.
 */
export function traceTree(deliveries: readonly DeliveryEntry[]): readonly TracedEvent[] {
  const byEvent = Map.groupBy(
    deliveries.filter(({ event }) => event !== undefined),
    ({ event }) => keyOf(event),
  )
  const firstOf = new Map([...byEvent].map(([key, [first]]) => [key, first] as const))
  const idOf = new Map([...firstOf].map(([key, first]) => [first?.event?.id ?? '', key] as const))
  const causedBy = Map.groupBy(firstOf.keys(), (key) => {
    const cause = firstOf.get(key)?.event?.causationId
    const parent = cause === undefined ? undefined : idOf.get(cause)
    return parent === key ? undefined : parent
  })
  const seen = new Set<string>()

  const tracedOf = (key: string): TracedEvent[] => {
    const entries = byEvent.get(key) ?? []
    const [first] = entries
    // A circle of causes is nobody's story: each event is told once.
    if (first?.event === undefined || seen.has(key)) return []
    seen.add(key)
    const children = (causedBy.get(key) ?? []).flatMap(tracedOf).toSorted(byAppended)
    const groups = [...Map.groupBy(entries, ({ group }) => group)].map(([group, ofGroup]) => ({
      group,
      service: ofGroup[0]?.service ?? '',
      deliveries: ofGroup.toSorted((a, b) => a.at - b.at || a.attempt - b.attempt),
    }))
    const publisherOf = (child: TracedEvent): string | undefined =>
      groups.find(({ service }) => service === child.event.source)?.group
    const { event, topic, publishedAt, appendedAt } = first
    return [
      {
        event,
        topic,
        publishedAt,
        appendedAt,
        groups: groups.map((each) => ({
          ...each,
          followers: children.filter((child) => publisherOf(child) === each.group),
        })),
        followers: children.filter((child) => publisherOf(child) === undefined),
      },
    ]
  }

  const roots = (causedBy.get(undefined) ?? []).flatMap(tracedOf)
  const inCircles = [...byEvent.keys()].flatMap(tracedOf)
  return [...roots, ...inCircles].toSorted(byAppended)
}

/**
 * How long an event waited for the handler to start, in ms. Two clocks are compared, so it may be negative: then it says
 * how far they disagree at least.
 */
export function waitedMs({ at, tookMs, appendedAt }: DeliveryEntry): number {
  return at - tookMs - appendedAt
}

function byAppended(a: TracedEvent, b: TracedEvent): number {
  return a.appendedAt - b.appendedAt
}

function keyOf(event: EventEntry | undefined): string {
  return `${event?.source} ${event?.id}`
}
