import { partitionName } from './partitioner.ts'
import type { Assignment, Batch } from './transport.ts'

/** What a subscription knows of one partition, at least. */
interface Owned {
  readonly name: string
  readonly assignment: Assignment
  paused: boolean
}

type Read<One> = (owned: One) => Batch | undefined | Promise<Batch | undefined>

/** The partitions that a member has, and what comes of them: of one after the other, so that none keeps another waiting. */
export class OwnedPartitions<One extends Owned> {
  readonly #byName = new Map<string, One>()
  #turn = 0
  #stirred = false
  #wake: () => void = () => undefined

  get all(): readonly One[] {
    return [...this.#byName.values()]
  }

  get assigned(): readonly Assignment[] {
    return this.all.map(({ assignment }) => assignment)
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  named(name: string): One | undefined {
    return this.#byName.get(name)
  }

  /** Undefined where the assignment has ended, also when the member has the partition again. */
  of(assignment: Assignment): One | undefined {
    const owned = this.#byName.get(partitionName(assignment.topic, assignment.partition))
    return owned?.assignment === assignment ? owned : undefined
  }

  add(owned: One): void {
    this.#byName.set(owned.name, owned)
  }

  remove(owned: One): void {
    if (this.#byName.get(owned.name) === owned) this.#byName.delete(owned.name)
  }

  pause(assignment: Assignment): One | undefined {
    const owned = this.of(assignment)
    if (owned === undefined || owned.paused) return undefined
    owned.paused = true
    return owned
  }

  resume(assignment: Assignment): void {
    const owned = this.of(assignment)
    if (owned === undefined || !owned.paused) return
    owned.paused = false
    this.stir()
  }

  /** Something may be there to give, or to say: a look that has begun before does not count. */
  stir(): void {
    this.#stirred = true
    this.#wake()
  }

  /**
   * The batches of all partitions, in turn; where there is none, `stir` is waited for.
   * @param goesOn asked before each look: false ends the iteration, and so does what it throws.
   */
  async *batches(goesOn: () => boolean, read: Read<One>): AsyncGenerator<Batch> {
    while (goesOn()) {
      const batch = await this.look(read)
      if (batch === undefined) await this.stirring()
      else yield batch
    }
  }

  /** The next batch of the partition whose turn it is; undefined where none has any. */
  look(read: Read<One>): Promise<Batch | undefined> {
    this.#stirred = false
    return this.#next(read)
  }

  /** Fulfils when something has stirred since the last look began. */
  async stirring(): Promise<void> {
    if (this.#stirred) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  async #next(read: Read<One>): Promise<Batch | undefined> {
    const all = this.all
    for (let step = 0; step < all.length; step++) {
      this.#turn = (this.#turn + 1) % all.length
      const owned = all[this.#turn]
      const batch = owned && (await read(owned))
      if (batch !== undefined) return batch
    }
    return undefined
  }
}
