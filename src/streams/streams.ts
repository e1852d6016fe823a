import { defaultSchemaBase, type NewEvent, type VersionedEvent } from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import { type CallerTransaction, createIds, systemClock, systemRandom } from '../kernel/index.ts'
import type { Aggregate } from './aggregate.ts'
import { appendEvents, type Integration } from './append.ts'
import { checkCommandOptions, type CommandOptions, derivedId } from './command-options.ts'
import { type Decider, decided, deciderFold, type NewEventOf } from './decider.ts'
import { differencesOf, type StateDifference } from './difference.ts'
import type { StreamDefinition } from './define-stream.ts'
import { type Cause, type EventOrigin, makeDomainEvent } from './domain-events.ts'
import { type Folded, foldOn, foldStream } from './fold.ts'
import { timestampOf } from './moment.ts'
import { type ReadAllOptions, type ReadOptions, type RecordedEvent, readAll, readStream } from './read.ts'
import type { StreamRepository } from './repository.ts'
import { checkStreamId, streamText } from './stream-name.ts'
import { saveDueSnapshot } from './snapshot.ts'
import { type RepositoryOptions, streamRepository } from './stream-repository.ts'
import type { Appended, ExpectedVersion, StreamId, StreamStore } from './stream-store.ts'
import { checkStreamsOptions, type StreamsOptions } from './streams-options.ts'
import { isNow, type PointInTime, untilOf } from './time-travel.ts'
import { CommandTurns } from './command-turns.ts'

export interface AppendStreamOptions extends CommandOptions {
  /** What the stream must be at. */
  readonly expected: ExpectedVersion
}

/** Event sourcing on one store. @throws `option_invalid` */
export function openStreams<T extends CallerTransaction, Types extends string>(
  options: StreamsOptions<T, Types>,
): Streams<T> {
  checkStreamsOptions(options)
  // The mappings make what the outbox takes: the compiler has seen to it.
  return new Streams<T>(options as never)
}

/** Aggregates whose state is what has happened to them. Everything that writes fulfils when the write is durable. */
export class Streams<T extends CallerTransaction = CallerTransaction> implements AsyncDisposable {
  readonly store: StreamStore<T>
  readonly #origin: EventOrigin
  readonly #integration: Integration<T>
  readonly #turns: CommandTurns

  /** Use {@link openStreams}. */
  constructor(options: StreamsOptions<T>) {
    const { store, outbox, mappings = [], source, schemaBase = defaultSchemaBase } = options
    const { clock = systemClock, random = systemRandom } = options
    this.store = store
    this.#origin = { source, schemaBase, clock, ids: createIds(clock, random) }
    this.#integration = { outbox, mappings }
    this.#turns = new CommandTurns(clock, random)
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
    const fold = deciderFold(decider)
    return this.#turns.run(stream, async () => {
      // Looked up first: what was done when it is looked up is there when the state is loaded.
      const done = await this.#isDone(stream, options)
      const before = await foldStream(this.store, id, fold)
      const made = done ? [] : decided(decider.decide(command, before.state))
      const events = this.#made(decider.stream, id, made, options)
      // First, so that no event is appended that the state cannot take in.
      const after = foldOn(fold, before, events)
      if (events.length > 0)
        await this.#append(stream, events, { expected: before.version, cause: options.causedBy })
      await saveDueSnapshot(this.store, stream, fold.snapshots, after)
      return after.state
    })
  }

  /** The state of a stream, now or at a point in time, and the version it is at. @throws what reading its events throws. */
  async load<State>(
    decider: Decider<State, never>,
    id: string,
    point: PointInTime = {},
  ): Promise<Folded<State>> {
    const stream = { name: decider.stream.name, id }
    checkStreamId(stream.name, id)
    const fold = deciderFold(decider)
    const until = untilOf(point)
    const reached = await foldStream(this.store, id, fold, until)
    if (isNow(until)) await saveDueSnapshot(this.store, stream, fold.snapshots, reached)
    return { state: reached.state, version: reached.version }
  }

  /** Where the state of a stream differs between two points in time. */
  async diff<State>(
    decider: Decider<State, never>,
    id: string,
    from: PointInTime,
    to: PointInTime,
  ): Promise<StateDifference> {
    const [before, after] = await Promise.all([this.load(decider, id, from), this.load(decider, id, to)])
    return { from: before, to: after, changes: differencesOf(before.state, after.state) }
  }

  /** Aggregates in class style. @throws `option_invalid` */
  repository<Selected extends VersionedEvent, A extends Aggregate<NoInfer<Selected>['event']>>(
    stream: StreamDefinition<string, Selected>,
    aggregate: new (id: string) => A,
    options: RepositoryOptions<NoInfer<A>> = {},
  ): StreamRepository<A> {
    return streamRepository(stream, aggregate, options, {
      store: this.store,
      origin: this.#origin,
      turns: this.#turns,
      appendTo: (streamId, events, how) => this.#append(streamId, events, how),
      isDone: (streamId, command) => this.#isDone(streamId, command),
    })
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
    return this.#append(streamId, made, { expected, cause: options.causedBy })
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
      return makeDomainEvent(stream, event, this.#origin, { ...defaults, id: derived })
    })
  }

  async #isDone(stream: StreamId, { idempotencyKey }: CommandOptions): Promise<boolean> {
    if (idempotencyKey === undefined) return false
    return (await this.store.find(derivedId(idempotencyKey, stream, 0))) !== undefined
  }

  #append(
    stream: StreamId,
    events: readonly CloudEvent[],
    how: { readonly expected: ExpectedVersion; readonly cause: Cause | undefined },
  ): Promise<Appended> {
    return appendEvents({ store: this.store, ...this.#integration }, stream, events, how)
  }
}
