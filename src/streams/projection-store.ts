import type { CallerTransaction } from '../kernel/index.ts'

/** Which build of a projection: a rebuild makes the next one beside the one that is read. */
export interface ProjectionBuild {
  readonly projection: string
  readonly build: number
}

/** How far a build has come. */
export interface Checkpoint extends ProjectionBuild {
  /** The position of the last record applied, see `StreamRecord.position`; undefined before the first. */
  readonly position: string | undefined
  /** `live`: the one that is read. `building`: catching up beside it. */
  readonly state: 'live' | 'building'
}

/** Where projections keep their checkpoints: the database of their read models. */
export interface ProjectionStore<T extends CallerTransaction = CallerTransaction> {
  checkpoints(projection?: string): Promise<readonly Checkpoint[]>
  /**
   * Runs the projection's writes and moves its checkpoint in one transaction, when that still stands at `from`: of two
   * processes that apply the same records one is refused, and its writes are rolled back.
   * @throws `fenced` when the checkpoint is elsewhere, or the build is gone.
   */
  apply(
    build: ProjectionBuild,
    from: string | undefined,
    to: string,
    run: (tx: T['tx']) => T['written'],
  ): Promise<void>
  /**
   * The build of the projection in that state: at most one is `live`, and one `building`. Where there is none it begins the
   * next, under a number that no build of the projection had, with what `create` does about its tables in the same transaction.
   */
  begin(
    projection: string,
    state: Checkpoint['state'],
    create: (tx: T['tx'], build: ProjectionBuild) => T['written'],
  ): Promise<Checkpoint>
  /**
   * Makes the build that is `building` the live one and forgets the one before, with what `run` does about the tables of
   * that, where there was one, in the same transaction.
   * @throws `fenced` when the build is not building, or no longer.
   */
  swap(
    build: ProjectionBuild,
    run: (tx: T['tx'], before: ProjectionBuild | undefined) => T['written'],
  ): Promise<void>
  /**
   * Sets a build that is `building` back to the beginning, with what `run` does about its tables in the same transaction.
   * @throws `fenced` when the build is not building, or no longer.
   */
  restart(build: ProjectionBuild, run: (tx: T['tx']) => T['written']): Promise<void>
  close(): Promise<void>
}
