import { setTimeout } from 'node:timers/promises'
import type { Engine } from '../../src/bus/index.ts'
import type { Random } from '../../src/kernel/index.ts'
import { holdingGroup } from './catalog.ts'
import { conductOf, mend } from './conduct.ts'
import type { Happening } from './history.ts'
import { type Letter, readLetters } from './letters.ts'

const roundEveryMs = 200
/** Of the dead letters that a round finds: so most hold back their key for more than a second, and through faults. */
const partOfRound = 0.15
const discarded = 0.15
const redrivenUnmended = 0.3

/** Deals with the dead letters of the group that holds: discards some, redrives the others, mended or still failing. */
export class Redriver {
  readonly #engine: Engine
  readonly #folder: string
  readonly #random: Random
  readonly #tell: (happening: Happening) => void
  #ended = false
  #rounds: Promise<void> = Promise.resolve()

  constructor(engine: Engine, folder: string, random: Random, tell: (happening: Happening) => void) {
    this.#engine = engine
    this.#folder = folder
    this.#random = random
    this.#tell = tell
  }

  start(): void {
    this.#rounds = this.#run()
  }

  /** Rejects with what a round could not do. */
  end(): Promise<void> {
    this.#ended = true
    return this.#rounds
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      const dead = await readLetters(this.#engine, { group: holdingGroup, states: ['dead'] })
      for (const letter of dead) if (this.#random.next() < partOfRound) await this.#deal(letter)
      await setTimeout(roundEveryMs)
    }
  }

  async #deal({ id, ...letter }: Letter): Promise<void> {
    const { deadLetters } = this.#engine
    if (this.#random.next() < discarded) {
      this.#tell({ kind: 'discarded', ...letter })
      await deadLetters.discard(id, 'The torture gives it up.')
      return
    }
    const unmended = conductOf(letter) !== 'kills' && this.#random.next() < redrivenUnmended
    if (!unmended) mend(this.#folder, letter)
    this.#tell({ kind: 'redriven', ...letter })
    await deadLetters.request([id])
  }
}
