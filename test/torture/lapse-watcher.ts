import { setTimeout } from 'node:timers/promises'
import type { Engine } from '../../src/bus/index.ts'
import type { Happening } from './history.ts'

/** See `graceUs` of the checker: it is several of these. */
const lookEveryMs = 20

/** Tells when the lease of a member has ended: on a busy machine that happens to one that is well. */
export class LapseWatcher {
  readonly #engine: Engine
  readonly #tell: (happening: Happening) => void
  #ended = false
  #looks: Promise<void> = Promise.resolve()

  constructor(engine: Engine, tell: (happening: Happening) => void) {
    this.#engine = engine
    this.#tell = tell
  }

  start(): void {
    this.#looks = this.#run()
  }

  end(): Promise<void> {
    this.#ended = true
    return this.#looks
  }

  async #run(): Promise<void> {
    let before: readonly string[] = []
    while (!this.#ended) {
      const memberships = (await this.#engine.admin.groups()).flatMap(({ members }) =>
        members.map(({ member }) => member),
      )
      for (const member of new Set(before)) {
        if (count(member, memberships) < count(member, before)) this.#tell({ kind: 'lapsed', target: member })
      }
      before = memberships
      await setTimeout(lookEveryMs)
    }
  }
}

function count(member: string, all: readonly string[]): number {
  return all.filter((each) => each === member).length
}
