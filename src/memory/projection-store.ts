import {
  type Checkpoint,
  checkpointElsewhere,
  notBuilding,
  type ProjectionBuild,
  type ProjectionStore,
} from '../streams/index.ts'
import { type MemoryTransaction, type MemoryTx, memoryTransaction } from './transaction.ts'

/** The reference ProjectionStore. */
class MemoryProjectionStore implements ProjectionStore<MemoryTransaction> {
  #checkpoints: readonly Checkpoint[] = []

  async checkpoints(projection?: string): Promise<readonly Checkpoint[]> {
    return this.#checkpoints.filter((each) => projection === undefined || each.projection === projection)
  }

  async apply(
    build: ProjectionBuild,
    from: string | undefined,
    to: string,
    run: (tx: MemoryTx) => void,
  ): Promise<void> {
    const stored = this.#find(build)
    if (stored === undefined || stored.position !== from) throw checkpointElsewhere(build, stored)
    memoryTransaction(run)
    this.#checkpoints = this.#checkpoints.map((each) => (each === stored ? { ...each, position: to } : each))
  }

  async begin(
    projection: string,
    state: Checkpoint['state'],
    create: (tx: MemoryTx, build: ProjectionBuild) => void,
  ): Promise<Checkpoint> {
    const builds = this.#checkpoints.filter((each) => each.projection === projection)
    const found = builds.find((each) => each.state === state)
    if (found !== undefined) return found
    const build = Math.max(0, ...builds.map((each) => each.build)) + 1
    memoryTransaction((tx) => create(tx, { projection, build }))
    const begun = { projection, build, state, position: undefined }
    this.#checkpoints = [...this.#checkpoints, begun]
    return begun
  }

  async swap(
    build: ProjectionBuild,
    run: (tx: MemoryTx, before: ProjectionBuild | undefined) => void,
  ): Promise<void> {
    const stored = this.#find(build)
    if (stored?.state !== 'building') throw notBuilding(build, stored)
    const before = this.#checkpoints.find(
      ({ projection, state }) => projection === build.projection && state === 'live',
    )
    memoryTransaction((tx) => run(tx, before))
    this.#checkpoints = this.#checkpoints
      .filter((each) => each !== before)
      .map((each) => (each === stored ? { ...each, state: 'live' } : each))
  }

  async restart(build: ProjectionBuild, run: (tx: MemoryTx) => void): Promise<void> {
    const stored = this.#find(build)
    if (stored?.state !== 'building') throw notBuilding(build, stored)
    memoryTransaction(run)
    this.#checkpoints = this.#checkpoints.map((each) =>
      each === stored ? { ...each, position: undefined } : each,
    )
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  #find({ projection, build }: ProjectionBuild): Checkpoint | undefined {
    return this.#checkpoints.find((each) => each.projection === projection && each.build === build)
  }
}

/** Checkpoints for tests and first steps, gone with the process. */
export function memoryProjections(): ProjectionStore<MemoryTransaction> {
  return new MemoryProjectionStore()
}
