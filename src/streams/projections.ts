import {
  type CallerTransaction,
  type Clock,
  checkOptionNames,
  isTidingsError,
  limits,
  listed,
  nearest,
  sleep,
  systemClock,
  TidingsError,
  toError,
} from '../kernel/index.ts'
import { inOrder } from './in-order.ts'
import type { Projection } from './projection.ts'
import type { Checkpoint, ProjectionBuild, ProjectionStore } from './projection-store.ts'
import { recorded } from './read.ts'
import type { StreamRecord, StreamStore } from './stream-store.ts'

/** What of a stream store projections take, whatever its transactions are. */
export type ProjectedStreams = Pick<StreamStore, 'readAll' | 'countAll' | 'watch'>

export interface ProjectionsOptions<T extends CallerTransaction> {
  /** Where the events are: the `store` of the streams. */
  readonly streams: ProjectedStreams
  /** Where the checkpoints are, in the database of the read models. The projections do not close it. */
  readonly store: ProjectionStore<T>
  readonly projections: readonly Projection<T['tx']>[]
  readonly clock?: Clock | undefined
}

/** How far a build has come. */
export interface ProjectionProgress extends ProjectionBuild {
  readonly state: Checkpoint['state']
  readonly table: string
  /** Events taken in by this call; of those that were there when it began. */
  readonly applied: number
  readonly total: number
}

/** A build, and how many events it has still to take in. */
export interface ProjectionStatus extends ProjectionBuild {
  readonly state: Checkpoint['state']
  readonly table: string
  readonly behind: number
}

export interface RebuildOptions {
  /**
   * Begins an interrupted rebuild from the beginning, with new tables: after its code has changed, or failed. Default false:
   * it goes on where it was.
   */
  readonly anew?: boolean | undefined
}

const optionNames = { streams: true, store: true, projections: true, clock: true } as const

/** Keeps read models up to date, each event once: a read model and its checkpoint move in one transaction. */
export class Projections<T extends CallerTransaction = CallerTransaction> {
  readonly #streams: ProjectedStreams
  readonly #store: ProjectionStore<T>
  readonly #projections: ReadonlyMap<string, Projection<T['tx']>>
  readonly #clock: Clock

  /** Use {@link openProjections}. */
  constructor({ streams, store, projections, clock = systemClock }: ProjectionsOptions<T>) {
    this.#streams = streams
    this.#store = store
    this.#projections = new Map(projections.map((projection) => [projection.name, projection]))
    this.#clock = clock
  }

  /** The table that is read, of a projection that has a live build: another one after each rebuild. @throws `projection_missing` */
  async tableOf(name: string): Promise<string> {
    const projection = this.#projection(name)
    const live = (await this.#store.checkpoints(name)).find(({ state }) => state === 'live')
    if (live !== undefined) return projection.tableOf(live.build)
    throw new TidingsError(
      'projection_missing',
      `The projection "${name}" has no build yet. Let it catch up first.`,
    )
  }

  /** All builds, and how far each is behind. */
  async status(): Promise<readonly ProjectionStatus[]> {
    const known = (await this.#store.checkpoints()).filter(({ projection }) =>
      this.#projections.has(projection),
    )
    return Promise.all(
      known.map(async ({ projection: name, build, state, position }) => {
        const projection = this.#projection(name)
        const behind = await this.#streams.countAll({ after: position, names: namesOf(projection) })
        return { projection: name, build, state, table: projection.tableOf(build), behind }
      }),
    )
  }

  /**
   * Brings the live build of one projection, or of all, up to what is there now, and begins it where there is none. Of several
   * processes each event is applied by one.
   * @throws what `apply` throws; what was applied before it stays.
   */
  async catchUp(name?: string, progress: (at: ProjectionProgress) => void = () => undefined): Promise<void> {
    const projections = name === undefined ? this.#projections.values() : [this.#projection(name)]
    for (const projection of projections) await this.#bringUp(projection, 'live', progress)
  }

  /**
   * Makes the read model anew, of all events, beside the live one, which goes on being read and kept up to date; then takes its
   * place, and takes in what came in between. A rebuild that was interrupted goes on where it was, with the code of now.
   * @throws what `apply` throws; the live one stays as it is then.
   */
  async rebuild(
    name: string,
    progress: (at: ProjectionProgress) => void = () => undefined,
    options: RebuildOptions = {},
  ): Promise<void> {
    checkOptionNames('rebuild', options, { anew: true })
    const projection = this.#projection(name)
    if (options.anew === true) await this.#restart(projection)
    const build = await this.#bringUp(projection, 'building', progress)
    await this.#store.swap(build, (tx, before) => {
      // As the store's writes do: at once, or awaited.
      if (before !== undefined) return projection.drop(tx, projection.tableOf(before.build))
      return undefined
    })
    // What was appended before the swap may have gone to the one before alone, and nothing wakes those who follow.
    await this.#bringUp(projection, 'live', () => undefined)
  }

  /** Keeps all projections up to date until the signal aborts. One that fails is a warning, and is tried again. */
  async follow(signal: AbortSignal): Promise<void> {
    let changed = Promise.withResolvers<void>()
    const wake = (): void => changed.resolve()
    const stop = this.#streams.watch(wake)
    signal.addEventListener('abort', wake)
    try {
      while (!signal.aborted) {
        changed = Promise.withResolvers<void>()
        await this.#catchUpOrWarn(signal, wake)
        await changed.promise
      }
    } finally {
      stop()
      signal.removeEventListener('abort', wake)
    }
  }

  async #restart(projection: Projection<T['tx']>): Promise<void> {
    const found = await this.#store.checkpoints(projection.name)
    const interrupted = found.find(({ state }) => state === 'building')
    if (interrupted === undefined) return
    const table = projection.tableOf(interrupted.build)
    await this.#store.restart(buildOf(interrupted), (tx) =>
      inOrder(['drop', 'create'] as const, (step) => projection[step](tx, table)),
    )
  }

  async #catchUpOrWarn(signal: AbortSignal, again: () => void): Promise<void> {
    for (const projection of this.#projections.values()) {
      try {
        await this.#bringUp(projection, 'live', () => undefined, signal)
      } catch (error) {
        process.emitWarning(toError(error))
        again()
        await sleep(this.#clock, limits.projectionRetryMs, signal)
      }
    }
  }

  async #bringUp(
    projection: Projection<T['tx']>,
    state: Checkpoint['state'],
    progress: (at: ProjectionProgress) => void,
    signal?: AbortSignal,
  ): Promise<ProjectionBuild> {
    const { name } = projection
    const create = (tx: T['tx'], { build }: ProjectionBuild): T['written'] =>
      projection.create(tx, projection.tableOf(build))
    let begun = await this.#store.begin(name, state, create)
    let { position } = begun
    const names = namesOf(projection)
    const total = await this.#streams.countAll({ after: position, names })
    const tell = (applied: number): void =>
      progress({ ...buildOf(begun), state, table: projection.tableOf(begun.build), applied, total })
    tell(0)
    for (let applied = 0; ; ) {
      const page = await this.#streams.readAll({ after: position, names, limit: limits.projectionBatch })
      const last = page.at(-1)
      if (last === undefined || signal?.aborted) return buildOf(begun)
      const fenced = await this.#apply(projection, begun, { from: position, to: last.position }, page)
      if (fenced === undefined) {
        position = last.position
        applied += page.length
        tell(applied)
      } else {
        const found = await this.#store.begin(name, state, create)
        // Nobody was faster: the projection itself has thrown it.
        if (found.build === begun.build && found.position === position) throw fenced
        begun = found
        position = found.position
      }
    }
  }

  /** Gives what says that another process was faster. */
  async #apply(
    projection: Projection<T['tx']>,
    build: ProjectionBuild,
    { from, to }: { readonly from: string | undefined; readonly to: string },
    page: readonly StreamRecord[],
  ): Promise<Error | undefined> {
    const byName = new Map(projection.streams.map((stream) => [stream.name, stream]))
    const events = page.flatMap((record) => {
      const stream = byName.get(record.stream.name)
      return stream === undefined ? [] : [recorded(stream, record)]
    })
    const table = projection.tableOf(build.build)
    try {
      await this.#store.apply(buildOf(build), from, to, (tx) => projection.applyAll(tx, events, table))
      return undefined
    } catch (error) {
      if (isTidingsError(error, 'fenced')) return error
      throw error
    }
  }

  #projection(name: string): Projection<T['tx']> {
    const projection = this.#projections.get(name)
    if (projection !== undefined) return projection
    const names = [...this.#projections.keys()]
    const near = nearest(name, names)
    const advice = near === undefined ? `There are ${listed(names)}.` : `Did you mean ${near}?`
    throw new TidingsError('projection_missing', `There is no projection ${JSON.stringify(name)}. ${advice}`)
  }
}

function buildOf({ projection, build }: ProjectionBuild): ProjectionBuild {
  return { projection, build }
}

function namesOf(projection: Projection): readonly string[] {
  return projection.streams.map(({ name }) => name)
}

/** Read models of one database. @throws `option_invalid` */
export function openProjections<T extends CallerTransaction>(options: ProjectionsOptions<T>): Projections<T> {
  checkOptionNames('openProjections', options, optionNames)
  const names = options.projections.map(({ name }) => name)
  if (new Set(names).size < names.length)
    throw new TidingsError('option_invalid', 'There are two projections of one name. Give one another name.')
  return new Projections(options)
}
