import type { VersionedEvent } from '../catalog/index.ts'
import { checkOptionNames, limits, shown, TidingsError } from '../kernel/index.ts'
import type { StreamDefinition } from './define-stream.ts'
import { eventIn, pagesOf, type StreamReads, type Until } from './stream-reader.ts'
import type { StreamId, StreamRecord } from './stream-store.ts'
import { checkStreamVersion, type PointInTime, pointNames, untilOf } from './time-travel.ts'

/** A domain event and its place. */
export type RecordedEvent<Selected extends VersionedEvent = VersionedEvent> = Selected & {
  readonly stream: StreamId
  /** The stream version with this event, from 1; `version` is that of the event's schema. */
  readonly streamVersion: number
  /** Its place among all streams, in commit order: opaque, and only of this store. */
  readonly position: string
}

/** Forward from a version or backward from it, up to a point in time. */
export interface ReadOptions extends PointInTime {
  /** Default `forward`. */
  readonly direction?: 'forward' | 'backward' | undefined
  /** The first stream version that is read: default the first forward, the last backward. */
  readonly from?: number | undefined
}

export interface ReadAllOptions {
  /** A `position`; default the beginning. */
  readonly after?: string | undefined
}

const readNames = { ...pointNames, direction: true, from: true } as const satisfies Record<
  keyof ReadOptions,
  true
>

/** @throws `option_invalid` */
function checkRead(options: ReadOptions): void {
  checkOptionNames('read', options, readNames)
  checkStreamVersion(options.from)
  const { direction = 'forward' } = options
  if (direction === 'forward' || direction === 'backward') return
  throw new TidingsError(
    'option_invalid',
    `read got ${shown(direction)} as direction. Give 'forward' or 'backward'.`,
  )
}

/** Reads a stream. @throws `option_invalid`, and what reading events throws. */
export async function* readStream<Selected extends VersionedEvent>(
  store: StreamReads,
  stream: StreamDefinition<string, Selected>,
  id: string,
  options: ReadOptions,
): AsyncGenerator<RecordedEvent<Selected>> {
  checkRead(options)
  const { direction = 'forward', from, ...point } = options
  const until = untilOf(point)
  const streamId = { name: stream.name, id }
  const pages =
    direction === 'forward'
      ? pagesFrom(store, streamId, from ?? 1, until)
      : backward(
          store,
          streamId,
          Math.min(from ?? Number.POSITIVE_INFINITY, await endOf(store, streamId, until)),
        )
  for await (const page of pages) for (const record of page) yield recorded(stream, record)
}

/** Forward from a version; what is later than the time ends it also when that comes before the version. */
async function* pagesFrom(
  store: StreamReads,
  stream: StreamId,
  from: number,
  until: Until,
): AsyncGenerator<readonly StreamRecord[]> {
  const version = until.asOfMs === undefined ? until.version : await endOf(store, stream, until)
  yield* pagesOf(store, stream, from, { version })
}

/** The last version of a point in time. */
async function endOf(store: StreamReads, stream: StreamId, until: Until): Promise<number> {
  if (until.asOfMs === undefined) return until.version ?? Number.POSITIVE_INFINITY
  let end = 0
  for await (const page of pagesOf(store, stream, 1, until)) end = page.at(-1)?.version ?? end
  return end
}

async function* backward(
  store: StreamReads,
  stream: StreamId,
  from: number,
): AsyncGenerator<readonly StreamRecord[]> {
  for (let next = from; next >= 1; ) {
    const page = await store.read(stream, {
      direction: 'backward',
      from: Number.isFinite(next) ? next : undefined,
      limit: limits.streamPage,
    })
    yield page
    const last = page.at(-1)
    if (last === undefined) return
    next = last.version - 1
  }
}

/** Reads all streams of these definitions, in commit order. */
export async function* readAll<Selected extends VersionedEvent>(
  store: StreamReads,
  streams: readonly StreamDefinition<string, Selected>[],
  options: ReadAllOptions,
): AsyncGenerator<RecordedEvent<Selected>> {
  checkOptionNames('readAll', options, { after: true })
  const byName = new Map(streams.map((stream) => [stream.name, stream]))
  if (byName.size < streams.length)
    throw new TidingsError('option_invalid', 'readAll got two streams of one name. Leave one out.')
  const names = [...byName.keys()]
  let { after } = options
  for (;;) {
    const page = await store.readAll({ after, names, limit: limits.streamPage })
    for (const record of page) {
      const stream = byName.get(record.stream.name)
      if (stream !== undefined) yield recorded(stream, record)
    }
    if (page.length < limits.streamPage) return
    after = page.at(-1)?.position
  }
}

/** A record as whoever reads it gets it. @throws what reading events throws. */
export function recorded<Selected extends VersionedEvent>(
  stream: StreamDefinition<string, Selected>,
  record: StreamRecord,
): RecordedEvent<Selected> {
  const { version: streamVersion, position } = record
  return { ...eventIn(stream, record), stream: record.stream, streamVersion, position }
}
