import type { VersionedEvent } from '../catalog/index.ts'
import { readJson } from '../event/index.ts'
import { isTidingsError, limits, TidingsError } from '../kernel/index.ts'
import { decodeStored, type StreamDefinition } from './define-stream.ts'
import { streamText } from './stream-name.ts'
import type { StreamId, StreamRecord, StreamStore } from './stream-store.ts'

/** What of a store reading takes, whatever its transactions are. */
export type StreamReads = Pick<StreamStore, 'read' | 'readAll'>

/** Where reading forward ends: whichever comes first, and with neither at the end. */
export interface Until {
  /** The last version that is read. */
  readonly version?: number | undefined
  /** Before the first event whose own time is later, in ms since the Unix epoch. */
  readonly asOfMs?: number | undefined
}

/** The records of a stream from a version on, page by page, so that a long stream is never in memory as a whole. */
export async function* pagesOf(
  store: StreamReads,
  stream: StreamId,
  from: number,
  until: Until = {},
): AsyncGenerator<readonly StreamRecord[]> {
  for (let next = from; ; ) {
    const limit = Math.min(limits.streamPage, (until.version ?? Number.POSITIVE_INFINITY) - next + 1)
    if (limit < 1) return
    const page = await store.read(stream, { from: next, limit })
    const within = upTo(page, until.asOfMs)
    if (within.length > 0) yield within
    const last = within.at(-1)
    if (last === undefined || within.length < limit) return
    next = last.version + 1
  }
}

/** The longest beginning in which no time is later. */
function upTo(page: readonly StreamRecord[], asOfMs: number | undefined): readonly StreamRecord[] {
  if (asOfMs === undefined) return page
  const end = page.findIndex(({ timeMs }) => timeMs > asOfMs)
  return end === -1 ? page : page.slice(0, end)
}

/** The event of a record, in the newest version. @throws as `foldStream` */
export function eventIn<Selected extends VersionedEvent>(
  stream: StreamDefinition<string, Selected>,
  record: StreamRecord,
): Selected {
  try {
    return decodeStored(stream, readJson(record.body))
  } catch (error) {
    throw atPlace(record, error)
  }
}

/** The same error, with where the event is. */
function atPlace({ stream, version }: StreamRecord, error: unknown): unknown {
  if (!isTidingsError(error)) return error
  const sentence = `Stream "${streamText(stream)}", version ${version}: ${error.sentence}`
  if (isTidingsError(error, 'data_invalid'))
    return new TidingsError('data_invalid', sentence, { cause: error, details: error.details })
  for (const code of ['upcast_failed', 'upcast_async', 'version_newer', 'version_unknown'] as const) {
    if (error.code === code) return new TidingsError(code, sentence, { cause: error })
  }
  return error
}
