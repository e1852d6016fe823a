import type { CloudEvent } from '../event/index.ts'
import { checkOptionNames, TidingsError } from '../kernel/index.ts'
import type { NewEventOf } from './decider.ts'
import type { Moment } from './moment.ts'

/** Makes a whole event of one that is raised. */
export type Stamp = (event: NewEventOf<CloudEvent>, time: Moment | undefined) => CloudEvent

/** What repositories do with an aggregate, and nobody else. */
export interface AggregateHandle {
  bind(stamp: Stamp): void
  replay(event: CloudEvent): void
  loaded(version: number): void
  raised(): readonly CloudEvent[]
  saved(count: number, version: number): void
}

/**
 * A consistency boundary in class style: `class Order extends Aggregate<EventOf<typeof orderStream>>`. Its methods
 * check and `raise`; its state changes in `when` alone. It is loaded and saved by a repository.
 */
export abstract class Aggregate<Event extends CloudEvent = CloudEvent> {
  /** Never set: it keeps an aggregate of some events from passing for one of others. */
  declare protected readonly '~event'?: ((event: Event) => void) | undefined
  readonly id: string
  #version = 0
  #raised: CloudEvent[] = []
  #stamp: Stamp | undefined
  readonly #handle: AggregateHandle = {
    bind: (stamp) => {
      this.#stamp = stamp
    },
    replay: (event) => this.when(event as Event),
    loaded: (version) => {
      this.#version = version
    },
    raised: () => [...this.#raised],
    saved: (count, version) => {
      this.#raised.splice(0, count)
      this.#version = version
    },
  }

  constructor(id: string) {
    this.id = id
  }

  /** The stream version that it was loaded or last saved at: 0 for one that is not stored. */
  get version(): number {
    return this.#version
  }

  /**
   * Something has happened: `when` takes it in at once, and the repository saves it.
   * @param options.time when it happened, unless the event says so itself. Default: the clock.
   * @throws `data_invalid`, and `definition_invalid` for an aggregate that no repository has made.
   */
  protected raise(event: NewEventOf<Event>, options: { readonly time?: Moment | undefined } = {}): void {
    checkOptionNames('raise', options, { time: true })
    if (this.#stamp === undefined) throw unbound(this.constructor.name, this.id)
    const stamped = this.#stamp(event, options.time)
    // The stamp leaves type and data as they are.
    this.when(stamped as Event)
    this.#raised.push(stamped)
  }

  /** For repositories, of every copy of the package: the command line may be another one than the service's. */
  get '~handle'(): AggregateHandle {
    return this.#handle
  }

  /** Takes an event in: now, or when the aggregate is loaded. It cannot refuse: the event has happened. */
  protected abstract when(event: Event): void
}

function unbound(name: string, id: string): TidingsError {
  return new TidingsError(
    'definition_invalid',
    `This ${name} was made with new, and knows neither clock nor stream. Get it from a repository: await repository.load(${JSON.stringify(id)}), also when there is none yet.`,
  )
}

/** What an aggregate has whose repository saves snapshots. */
export interface Snapshotted {
  /** Its state as JSON can hold it. */
  toSnapshot(): unknown
  /** Takes back what `toSnapshot` gave, of the same version of `snapshots`. */
  fromSnapshot(saved: never): void
}

export function isSnapshotted(aggregate: object): aggregate is Snapshotted {
  return (
    'toSnapshot' in aggregate &&
    typeof aggregate.toSnapshot === 'function' &&
    'fromSnapshot' in aggregate &&
    typeof aggregate.fromSnapshot === 'function'
  )
}

/** What can be seen of an aggregate's state: what it saves in snapshots, else its own properties. */
export function aggregateState(aggregate: Aggregate): unknown {
  if (isSnapshotted(aggregate)) return aggregate.toSnapshot()
  return Object.fromEntries(Object.entries(aggregate).filter(([name]) => name !== 'id'))
}

/** What repositories and tests do with an aggregate, and nobody else. */
export function handleOf(aggregate: Aggregate): AggregateHandle {
  return aggregate['~handle']
}
