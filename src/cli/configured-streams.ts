import { connectStreams, type StreamSubject, type StreamsConfig, TidingsError } from '../index.ts'
import {
  aggregateState,
  type Folded,
  openStreams,
  type PointInTime,
  type StreamDefinition,
  type StreamStore,
  type Streams,
} from '../streams/index.ts'
import { configurationMissing, readConfiguration } from './configuration.ts'
import type { EngineOptions } from './engine.ts'
import type { Io } from './io.ts'
import { namesText } from './text.ts'

/** The streams of one name, and what shows their state. */
export interface ConfiguredStream {
  readonly definition: StreamDefinition
  readonly url: string
  /** Undefined where the configuration names no decider or aggregate for them. */
  readonly stateAt:
    | ((streams: Streams, id: string, point: PointInTime) => Promise<Folded<unknown>>)
    | undefined
}

/** @throws `config_missing` */
export async function configuredStreams(
  options: EngineOptions,
  { cwd }: Io,
): Promise<readonly ConfiguredStream[]> {
  const { streams = [] } = (await readConfiguration(options.config, cwd)) ?? {}
  if (streams.length > 0) return streams.flatMap(ofService)
  throw configurationMissing(
    "The configuration names no streams: streams: [{ url: 'sqlite:orders.db', of: [order] }].",
  )
}

function ofService({ url, of }: StreamsConfig): readonly ConfiguredStream[] {
  return of.map((subject) => ({ url, ...shownBy(subject) }))
}

function shownBy(subject: StreamSubject): Omit<ConfiguredStream, 'url'> {
  if ('events' in subject) return { definition: subject, stateAt: undefined }
  if ('aggregate' in subject) {
    const { stream, aggregate } = subject
    return {
      definition: stream,
      async stateAt(streams, id, point) {
        const loaded = await streams.repository(stream, aggregate).load(id, point)
        return { state: aggregateState(loaded), version: loaded.version }
      },
    }
  }
  return {
    definition: subject.stream,
    // At a version, also for now: then nothing is written, no snapshot either.
    stateAt: (streams, id, point) =>
      streams.load(subject, id, { version: Number.MAX_SAFE_INTEGER, ...point }),
  }
}

/** Opens the store of streams for looking: it creates nothing. */
export async function withStreams<Result>(
  { url }: Pick<ConfiguredStream, 'url'>,
  use: (store: StreamStore, streams: Streams) => Promise<Result>,
): Promise<Result> {
  const store = await connectStreams(url, { create: false })
  try {
    return await use(store, openStreams({ store, source: '/tidings/cli' }))
  } finally {
    await store.close()
  }
}

/**
 * The stream that `order-7` names, and its id there.
 * @throws `stream_missing`
 */
export function streamNamed(
  all: readonly ConfiguredStream[],
  text: string,
): { readonly stream: ConfiguredStream; readonly id: string } {
  const [stream] = all
    .filter(({ definition: { name } }) => text.startsWith(`${name}-`) && text.length > name.length + 1)
    .toSorted((a, b) => b.definition.name.length - a.definition.name.length)
  if (stream !== undefined) return { stream, id: text.slice(stream.definition.name.length + 1) }
  throw new TidingsError(
    'stream_missing',
    `${JSON.stringify(text)} names no stream. Write its name and id, as in ${all[0]?.definition.name}-7; the configuration has ${namesText(namesOf(all))}.`,
  )
}

export function namesOf(all: readonly ConfiguredStream[]): readonly string[] {
  return [...new Set(all.map(({ definition }) => definition.name))]
}
