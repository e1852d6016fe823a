import type { Clock } from '../kernel/index.ts'

export interface TogetherOptions<Item> {
  readonly clock: Clock
  /** How many groups may be under way: what comes meanwhile waits, and makes the next. */
  readonly groups: number
  /** How many of those that wait make the next group, from the first on: one or more. */
  readonly take: (waiting: readonly Item[]) => number
  /** Does what a group asks for, and tells each what came of it. Never rejects. */
  readonly run: (group: readonly Item[]) => Promise<void>
}

/** Puts together what comes in one turn of the event loop, and what comes while the groups before it are under way. */
export class Together<Item> {
  readonly #options: TogetherOptions<Item>
  readonly #waiting: Item[] = []
  readonly #idle: (() => void)[] = []
  #underWay = 0
  #deferred = false

  constructor(options: TogetherOptions<Item>) {
    this.#options = options
  }

  add(item: Item): void {
    this.#waiting.push(item)
    if (this.#deferred) return
    this.#deferred = true
    this.#options.clock.defer(() => {
      this.#deferred = false
      this.#start()
    })
  }

  /** Fulfils when nothing waits and nothing is under way. */
  async settled(): Promise<void> {
    while (this.#waiting.length > 0 || this.#underWay > 0)
      await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #start(): void {
    const { groups, take, run } = this.#options
    while (this.#waiting.length > 0 && this.#underWay < groups) {
      this.#underWay += 1
      void run(this.#waiting.splice(0, take(this.#waiting))).finally(() => this.#ended())
    }
  }

  #ended(): void {
    this.#underWay -= 1
    // What they have told may ask for more in this turn.
    if (this.#waiting.length > 0) this.#start()
    else if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
