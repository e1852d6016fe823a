import { defaultSchemaBase, type NewEvent, type VersionedEvent } from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import {
  type CallerTransaction,
  type Clock,
  createIds,
  type Random,
  systemClock,
  systemRandom,
} from '../kernel/index.ts'
import type { Aggregate } from './aggregate.ts'
import { appendEvents } from './append.ts'
import { checkCommandOptions, type CommandOptions, derivedId } from './command-options.ts'
import { type Decider, decided, type NewEventOf } from './decider.ts'
import type { StreamDefinition } from './define-stream.ts'
import { type Cause, type EventOrigin, makeDomainEvent } from './domain-events.ts'
import { timestampOf } from './moment.ts'
import { type ReadAllOptions, type ReadOptions, type RecordedEvent, readAll, readStream } from './read.ts'
import { openRepository, type Repository } from './repository.ts'
import { retryConflicts } from './retry-conflicts.ts'
import { checkStreamId, streamText } from './stream-name.ts'
import { type Folded, foldStream } from './stream-reader.ts'
import type { Appended, ExpectedVersion, StreamId, StreamStore } from './stream-store.ts'
import { checkStreamsOptions, type StreamsOptions } from './streams-options.ts'
import { type PointInTime, untilOf } from './time-travel.ts'
import { Turns } from './turns.ts'

export interface AppendStreamOptions extends CommandOptions {
  /** What the stream must be at. */
  readonly expected: ExpectedVersion
}

/** What deciders and repositories share. */
export interface StreamsContext<T extends CallerTransaction> {
  readonly store: StreamStore<T>
  readonly origin: EventOrigin
  append(
    stream: StreamId,
    events: readonly CloudEvent[],
    options: { readonly expected: ExpectedVersion; readonly cause: Cause | undefined },
  ): Promise<Appended>
  /** Whether the command of that idempotency key was carried out. */
  isDone(stream: StreamId, options: CommandOptions): Promise<boolean>
  /** Runs when the commands for that stream before it are done, and again when others were faster. */
  inTurn<Result>(stream: StreamId, run: () => Promise<Result>): Promise<Result>
}

/** Event sourcing on one store. @throws `option_invalid` */
export function openStreams<T extends CallerTransaction>(options: StreamsOptions<T>): Streams<T> {
  checkStreamsOptions(options)
  return new Streams(options)
}

/** Aggregates whose state is what has happened to them. Everything that writes fulfils when the write is durable. */
export class Streams<T extends CallerTransaction = CallerTransaction> implements AsyncDisposable {
  readonly store: StreamStore<T>
  readonly #context: StreamsContext<T>
  readonly #turns = new Turns()
  readonly #clock: Clock
  readonly #random: Random

  /** Use {@link openStreams}. */
  constructor(options: StreamsOptions<T>) {
    const { store, source, schemaBase = defaultSchemaBase } = options
    const { clock = systemClock, random = systemRandom } = options
    this.store = store
    this.#clock = clock
    this.#random = random
    this.#context = {
      store,
      origin: { source, schemaBase, clock, ids: createIds(clock, random) },
      append: (stream, events, how) => appendEvents(store, stream, events, how),
      isDone: (stream, command) => this.#isDone(stream, command),
      inTurn: (stream, run) => this.#inTurn(stream, run),
    }
  }

  /**
   * Loads the state, decides, and appends at the version that was loaded; all of it again when others were faster.
   * Commands of this process for one stream take turns. Fulfils with the state after the command.
   * @throws what `decide` throws, its refusal; `data_invalid` and `event_too_large` for what it decided, and nothing is
   * appended; `expected_version` when it has met others `limits.executeAttempts` times.
   */
  async execute<State, Command>(
    decider: Decider<State, Command>,
    id: string,
    command: NoInfer<Command>,
    options: CommandOptions = {},
  ): Promise<State> {
    const stream = { name: decider.stream.name, id }
    checkStreamId(stream.name, id)
    checkCommandOptions('execute', options)
    return this.#inTurn(stream, async () => {
      // Looked up first: what was done when it is looked up is there when the state is loaded.
      const done = await this.#isDone(stream, options)
      const { state, version } = await this.load(decider, id)
      if (done) return state
      const made = decided(decider.decide(command, state))
      const events = this.#made(decider.stream, id, made, options)
      if (events.length === 0) return state
      await this.#context.append(stream, events, { expected: version, cause: options.causedBy })
      return events.reduce((before, event) => decider.evolve(before, event), state)
    })
  }

  /** The state of a stream, now or at a point in time, and the version it is at. @throws what reading its events throws. */
  async load<State>(
    decider: Decider<State, never>,
    id: string,
    point: PointInTime = {},
  ): Promise<Folded<State>> {
    checkStreamId(decider.stream.name, id)
    const fold = {
      stream: decider.stream,
      apply: (state: State, event: CloudEvent) => decider.evolve(state, event),
    }
    return foldStream(this.store, id, fold, { state: decider.initialState, version: 0 }, untilOf(point))
  }

  /** Aggregates in class style. */
  repository<Selected extends VersionedEvent, A extends Aggregate<NoInfer<Selected>['event']>>(
    stream: StreamDefinition<string, Selected>,
    aggregate: new (id: string) => A,
  ): Repository<A> {
    return openRepository(this.#context, stream, aggregate)
  }

  /**
   * Appends events without deciding anything: for imports, and for what comes from elsewhere.
   * @throws `expected_version`, `event_duplicate`, `data_invalid`, `event_too_large`; nothing is appended then.
   */
  async append<Selected extends VersionedEvent>(
    stream: StreamDefinition<string, Selected>,
    id: string,
    events: readonly NewEventOf<NoInfer<Selected>['event']>[],
    { expected, ...options }: AppendStreamOptions,
  ): Promise<Appended> {
    checkStreamId(stream.name, id)
    checkCommandOptions('append', options)
    const made = this.#made(stream, id, events, options)
    const streamId = { name: stream.name, id }
    return this.#context.append(streamId, made, { expected, cause: options.causedBy })
  }

  /** The events of a stream, each in its newest version, in pages behind the scenes. */
  read<Selected extends VersionedEvent>(
    stream: StreamDefinition<string, Selected>,
    id: string,
    options: ReadOptions = {},
  ): AsyncIterable<RecordedEvent<Selected>> {
    checkStreamId(stream.name, id)
    return readStream(this.store, stream, id, options)
  }

  /** The events of all streams of these definitions, in commit order. */
  readAll<Selected extends VersionedEvent>(
    streams: readonly StreamDefinition<string, Selected>[],
    options: ReadAllOptions = {},
  ): AsyncIterable<RecordedEvent<Selected>> {
    return readAll(this.store, streams, options)
  }

  close(): Promise<void> {
    return this.store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #made(
    stream: StreamDefinition,
    id: string,
    events: readonly NewEvent[],
    { time, idempotencyKey }: CommandOptions,
  ): readonly CloudEvent[] {
    const streamId = { name: stream.name, id }
    const defaults = {
      subject: streamText(streamId),
      time: time === undefined ? undefined : timestampOf('time', time),
    }
    return events.map((event, index) => {
      const derived = idempotencyKey === undefined ? undefined : derivedId(idempotencyKey, streamId, index)
      return makeDomainEvent(stream, event, this.#context.origin, { ...defaults, id: derived })
    })
  }

  async #isDone(stream: StreamId, { idempotencyKey }: CommandOptions): Promise<boolean> {
    if (idempotencyKey === undefined) return false
    return (await this.store.find(derivedId(idempotencyKey, stream, 0))) !== undefined
  }

  #inTurn<Result>(stream: StreamId, run: () => Promise<Result>): Promise<Result> {
    const context = { clock: this.#clock, random: this.#random }
    return this.#turns.run(streamText(stream), () => retryConflicts(run, context))
  }
}
