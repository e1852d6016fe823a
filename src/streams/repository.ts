import type { VersionedEvent } from '../catalog/index.ts'
import type { CloudEvent } from '../event/index.ts'
import type { CallerTransaction } from '../kernel/index.ts'
import { isThenable, TidingsError } from '../kernel/index.ts'
import { Aggregate, aggregates } from './aggregate.ts'
import { checkCommandOptions, type CommandOptions, commandText, derivedId } from './command-options.ts'
import type { StreamDefinition } from './define-stream.ts'
import { makeDomainEvent } from './domain-events.ts'
import { timestampOf } from './moment.ts'
import { checkStreamId, streamText } from './stream-name.ts'
import type { StreamsContext } from './streams.ts'
import { type PointInTime, untilOf } from './time-travel.ts'
import { foldStream } from './stream-reader.ts'

/** Loads and saves the aggregates of one class. */
export interface Repository<A> {
  /**
   * The aggregate, made of its events; of a stream without events one at version 0, ready to raise its first.
   * @throws what reading events throws, such as `upcast_failed`.
   */
  load(id: string, point?: PointInTime): Promise<A>
  /**
   * Appends what was raised since it was loaded, all or nothing; what is mapped to integration events goes to the outbox
   * in the same transaction. Saving again after an error whose outcome is not known appends nothing twice.
   * @throws `expected_version` when somebody else saved it meanwhile: load it again and repeat.
   */
  save(aggregate: A, options?: Pick<CommandOptions, 'causedBy'>): Promise<void>
  /**
   * Loads the aggregate, runs a command on it and saves it; all of it again when others were faster. Commands of this
   * process for one aggregate take turns.
   * @param command synchronous. What it throws is a refusal: nothing is saved.
   */
  update(id: string, command: (aggregate: A) => void, options?: CommandOptions): Promise<A>
}

export function openRepository<A extends Aggregate, T extends CallerTransaction>(
  context: StreamsContext<T>,
  stream: StreamDefinition,
  make: new (id: string) => A,
): Repository<A> {
  const fold = {
    stream,
    apply(aggregate: A, event: VersionedEvent['event']): A {
      aggregates.replay(aggregate, event)
      return aggregate
    },
  }

  const load = async (id: string, point: PointInTime = {}, options: CommandOptions = {}): Promise<A> => {
    checkStreamId(stream.name, id)
    const begin = { state: new make(id), version: 0 }
    const { state, version } = await foldStream(context.store, id, fold, begin, untilOf(point))
    aggregates.loaded(state, version)
    aggregates.bind(state, stampFor(id, options))
    return state
  }

  /** Events are made when they are raised: `when` sees them as they will be read again. */
  const stampFor = (id: string, { time, idempotencyKey }: CommandOptions) => {
    const streamId = { name: stream.name, id }
    let made = 0
    return (event: Parameters<typeof makeDomainEvent>[1], raisedAt: CommandOptions['time']): CloudEvent => {
      const at = raisedAt ?? time
      return makeDomainEvent(stream, event, context.origin, {
        id: idempotencyKey === undefined ? undefined : derivedId(idempotencyKey, streamId, made++),
        subject: streamText(streamId),
        time: at === undefined ? undefined : timestampOf('time', at),
      })
    }
  }

  const save = async (aggregate: A, { causedBy }: Pick<CommandOptions, 'causedBy'> = {}): Promise<void> => {
    const raised = aggregates.raised(aggregate)
    if (raised.length === 0) return
    const streamId = { name: stream.name, id: aggregate.id }
    const expected = aggregate.version
    const { version } = await context.append(streamId, raised, { expected, cause: causedBy })
    aggregates.saved(aggregate, raised.length, version)
  }

  const update = (id: string, command: (aggregate: A) => void, options: CommandOptions = {}): Promise<A> => {
    const streamId = { name: stream.name, id }
    checkCommandOptions('update', options)
    return context.inTurn(streamId, async () => {
      // Looked up first: what was done when it is looked up is there when the aggregate is loaded.
      const done = await context.isDone(streamId, options)
      const aggregate = await load(id, {}, options)
      if (done) return aggregate
      const returned: unknown = command(aggregate)
      if (isThenable(returned)) throw asynchronous(streamId, returned)
      await save(aggregate, options)
      return aggregate
    })
  }

  return { load: (id, point) => load(id, point), save, update }
}

function asynchronous(stream: { name: string; id: string }, returned: PromiseLike<unknown>): TidingsError {
  Promise.resolve(returned).catch(() => undefined)
  return new TidingsError(
    'option_invalid',
    `${commandText(stream)} returned a Promise. Await what it needs before update, and make the function synchronous.`,
  )
}
