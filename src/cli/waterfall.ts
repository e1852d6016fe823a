import { durationText } from '../index.ts'
import { type DeliveryEntry, type TracedEvent, type TracedGroup, waitedMs } from '../journal/index.ts'
import { counted, cut, printable } from './text.ts'

/** A story of events as lines: what followed from what at the left, when at the right. */
export function waterfall(traceId: string, story: readonly TracedEvent[], columns = 120): string[] {
  const deliveries = story.flatMap(deliveriesIn)
  const events = story.flatMap(eventsIn)
  const begin = Math.min(
    ...events.map(({ publishedAt, appendedAt }) => Math.min(publishedAt ?? appendedAt, appendedAt)),
  )
  const end = Math.max(...deliveries.map(({ at }) => at))
  const rows = story.flatMap((event) => rowsOf(event, ''))
  const left = Math.min(columns - narrowestBar, Math.max(...rows.map(({ text }) => text.length)))
  const bar = Math.max(narrowestBar, Math.min(widestBar, columns - left - 1))
  const scale = { begin, perColumn: Math.max(1, end - begin) / (bar - 2) }
  const head = `trace ${traceId}: ${counted(events.length, 'event')}, ${counted(deliveries.length, 'delivery').replace(/deliverys$/, 'deliveries')}, ${durationText(end - begin)}`
  return [
    printable(head),
    ...rows.map(({ text, mark }) =>
      `${cut(text, left).padEnd(left)} |${markOf(mark, scale, bar - 2)}`.trimEnd(),
    ),
  ]
}

const narrowestBar = 22
const widestBar = 60

interface Row {
  readonly text: string
  /** From when something waited, since when it was done, and until when, in ms since the Unix epoch. */
  readonly mark: { readonly waitedFrom: number; readonly from: number; readonly to: number }
}

interface Scale {
  readonly begin: number
  readonly perColumn: number
}

function rowsOf(
  { event, topic, publishedAt, appendedAt, groups, followers }: TracedEvent,
  indent: string,
): Row[] {
  const { type, subject, source, id } = event
  const at = publishedAt ?? appendedAt
  const text = `${indent}${type} ${subject ?? id} by ${source} on ${topic}`
  return [
    { text: printable(text), mark: { waitedFrom: at, from: at, to: at } },
    ...groups.flatMap((group) => groupRows(group, `${indent}  `)),
    ...followers.flatMap((each) => rowsOf(each, `${indent}  `)),
  ]
}

function groupRows({ group, deliveries, followers }: TracedGroup, indent: string): Row[] {
  const rows = deliveries.map((delivery, index) => {
    const name = index === 0 ? group : ' '.repeat(group.length)
    const waitedFrom = deliveries[index - 1]?.at ?? delivery.appendedAt
    const from = delivery.at - delivery.tookMs
    return {
      text: printable(`${indent}${name} ${deliveryText(delivery, index === 0)}`),
      mark: { waitedFrom: Math.min(waitedFrom, from), from, to: delivery.at },
    }
  })
  return [...rows, ...followers.flatMap((event) => rowsOf(event, `${indent}  `))]
}

function deliveryText(delivery: DeliveryEntry, isFirst: boolean): string {
  const { outcome, attempt, tookMs, error } = delivery
  const wait = waitedMs(delivery)
  const waited = !isFirst
    ? ''
    : wait < 0
      ? `, clocks disagree by ${durationText(-wait)} or more`
      : `, waited ${durationText(wait)}`
  const again = attempt === 1 ? '' : ` in attempt ${attempt}`
  const why = error === undefined ? '' : `: ${error.reason}: ${error.message}`
  return `${words[outcome]}${again}${waited}, took ${durationText(tookMs)}${why}`
}

const words = {
  handled: 'handled',
  duplicate: 'known already',
  failed: 'failed',
  'dead-letter': 'dead letter',
  newer: 'waits for a newer program',
  outage: 'waits for the engine',
} as const satisfies Record<DeliveryEntry['outcome'], string>

/** `.` while it waits, `=` while it is handled, `*` for a moment. */
function markOf({ waitedFrom, from, to }: Row['mark'], { begin, perColumn }: Scale, width: number): string {
  const columnOf = (ms: number): number =>
    Math.min(width - 1, Math.max(0, Math.floor((ms - begin) / perColumn)))
  const [first, start, last] = [columnOf(waitedFrom), columnOf(from), columnOf(to)]
  const done = to > from ? '='.repeat(last - start + 1) : '*'
  return `${' '.repeat(first)}${'.'.repeat(start - first)}${done}`
}

function eventsIn(event: TracedEvent): TracedEvent[] {
  const { groups, followers } = event
  return [event, ...[...groups.flatMap((group) => group.followers), ...followers].flatMap(eventsIn)]
}

function deliveriesIn(event: TracedEvent): DeliveryEntry[] {
  return eventsIn(event).flatMap(({ groups }) => groups.flatMap(({ deliveries }) => deliveries))
}
