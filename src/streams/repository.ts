import type { CloudEvent } from '../event/index.ts'
import { shown, TidingsError } from '../kernel/index.ts'
import { type Aggregate, handleOf, type Stamp } from './aggregate.ts'
import { checkCommandOptions, type CommandOptions, checkSynchronous, derivedId } from './command-options.ts'
import type { StreamDefinition } from './define-stream.ts'
import { type Cause, type EventOrigin, makeDomainEvent } from './domain-events.ts'
import { timestampOf } from './moment.ts'
import { checkStreamId, streamText } from './stream-name.ts'
import type { StateDifference } from './difference.ts'
import type { Folded } from './fold.ts'
import type { StreamId } from './stream-store.ts'
import type { PointInTime } from './time-travel.ts'
import type { CommandTurns } from './command-turns.ts'

/** Loads and saves the aggregates of one class. */
export interface Repository<A> {
  /** The aggregate; where there is none yet, one at version 0, ready to raise its first event. */
  load(id: string): Promise<A>
  /**
   * Saves what was raised since it was loaded, all or nothing; what is mapped to integration events goes to the outbox
   * in the same transaction.
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

/** Of aggregates that are kept as their events. */
export interface StreamRepository<A> extends Repository<A> {
  /**
   * As it is now, or was at a point in time. @throws what reading events throws, such as `upcast_failed`.
   */
  load(id: string, point?: PointInTime): Promise<A>
  /** As of any repository. Saving again after an error whose outcome is not known appends nothing twice. */
  save(aggregate: A, options?: Pick<CommandOptions, 'causedBy'>): Promise<void>
  /** Where its state differs between two points in time: of what it saves in snapshots, else of its own properties. */
  diff(id: string, from: PointInTime, to: PointInTime): Promise<StateDifference>
}

/** What repositories differ in. */
export interface RepositoryParts<A> {
  readonly stream: StreamDefinition
  readonly origin: EventOrigin
  readonly turns: CommandTurns
  /** The aggregate as it is stored, or a new one, and its version. */
  restore(id: string, point: PointInTime): Promise<Folded<A>>
  /** Gives the version after it. */
  append(
    aggregate: A,
    raised: readonly CloudEvent[],
    options: { readonly expected: number; readonly cause: Cause | undefined },
  ): Promise<number>
  isDone(stream: StreamId, options: CommandOptions): Promise<boolean>
}

export function repositoryOf<A extends Aggregate>(
  parts: RepositoryParts<A>,
): Omit<StreamRepository<A>, 'diff'> {
  const { stream, origin } = parts
  const streamIdOf = (id: string): StreamId => {
    checkStreamId(stream.name, id)
    return { name: stream.name, id }
  }

  const load = async (id: string, point: PointInTime, options: CommandOptions): Promise<A> => {
    const streamId = streamIdOf(id)
    const { state: aggregate, version } = await parts.restore(id, point)
    handleOf(aggregate).loaded(version)
    handleOf(aggregate).bind(stampOf(stream, streamId, origin, options))
    return aggregate
  }

  /** Aggregates that are being saved: what comes meanwhile waits, and finds what was raised and is not saved yet. */
  const saving = new WeakMap<A, Promise<void>>()

  const save: Repository<A>['save'] = async (aggregate, options = {}) => {
    checkCommandOptions('save', options)
    checkAggregate(stream.name, aggregate)
    while (saving.has(aggregate)) await saving.get(aggregate)?.catch(() => undefined)
    const saved = saveRaised(aggregate, options.causedBy).finally(() => saving.delete(aggregate))
    saving.set(aggregate, saved)
    return saved
  }

  const saveRaised = async (aggregate: A, cause: Cause | undefined): Promise<void> => {
    const raised = handleOf(aggregate).raised()
    if (raised.length === 0) return
    const version = await parts.append(aggregate, raised, { expected: aggregate.version, cause })
    handleOf(aggregate).saved(raised.length, version)
  }

  return {
    load: (id, point = {}) => load(id, point, {}),
    save,
    async update(id, command, options = {}) {
      const streamId = streamIdOf(id)
      checkCommandOptions('update', options)
      return parts.turns.run(streamId, async () => {
        // Looked up first: what was done when it is looked up is there when the aggregate is loaded.
        const done = await parts.isDone(streamId, options)
        const aggregate = await load(id, {}, options)
        if (done) return aggregate
        checkSynchronous(streamId, command(aggregate))
        await save(aggregate, { causedBy: options.causedBy })
        return aggregate
      })
    },
  }
}

/** @throws `option_invalid` for what no repository has made. */
function checkAggregate(name: string, given: unknown): void {
  if (given instanceof Object && '~handle' in given) return
  throw new TidingsError(
    'option_invalid',
    `The repository of ${name} got ${shown(given)} to save. Give an aggregate that it has loaded: const loaded = await repository.load(id).`,
  )
}

/** Events are made when they are raised: `when` sees them as they will be read again. */
function stampOf(
  stream: StreamDefinition,
  streamId: StreamId,
  origin: EventOrigin,
  { time, idempotencyKey }: CommandOptions,
): Stamp {
  let made = 0
  return (event, raisedAt) => {
    const at = raisedAt ?? time
    return makeDomainEvent(stream, event, origin, {
      id: idempotencyKey === undefined ? undefined : derivedId(idempotencyKey, streamId, made++),
      subject: streamText(streamId),
      time: at === undefined ? undefined : timestampOf('time', at),
    })
  }
}
