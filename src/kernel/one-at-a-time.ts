/** Runs what it is given one after the other, in the order it was asked. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve()

  /** Fulfils or rejects as `action` does; what one rejects with does not concern the next. */
  run<Result>(action: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(action)
    this.#last = done.catch(() => undefined)
    return done
  }
}
