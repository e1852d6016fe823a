import { type ErrorCode, isThenable, isTidingsError } from '../kernel/index.ts'

/** Beside the kind `unreachable`: what no event is to blame for, since every other would meet it, too. */
const codes: ReadonlySet<ErrorCode> = new Set(['access_denied', 'storage_full', 'tables_missing'])

/** True for what a store or an engine says when it cannot be used now, whatever it was asked for. */
export function isOutage(error: unknown): error is Error {
  return isTidingsError(error) && (error.kind === 'unreachable' || codes.has(error.code))
}

/** Those of them that a statement of a handler cannot bring about by what it asks for, as it can a deadlock. */
const ofTheStore: ReadonlySet<ErrorCode> = new Set(['engine_unreachable', 'storage_full'])

/**
 * What a run waits for at its inbox, and whether that answers. The handler's own part of a transaction is not among it: what
 * its function throws is the handler's, unless the store was lost meanwhile and says so in words of its own.
 */
export class InboxSteps {
  #underWay = 0
  #outage: Error | undefined

  /** Why the inbox cannot be used, as the last step has found it. */
  get outage(): Error | undefined {
    return this.#outage
  }

  /** True while the run waits for the inbox, and not for its handler. */
  get isUnderWay(): boolean {
    return this.#underWay > 0
  }

  /** Follows a step that the inbox takes by itself. */
  own<Result>(step: Promise<Result>): Promise<Result> {
    return this.#follow(step, [])
  }

  /**
   * Follows a transaction.
   * @param given what the handler gives to it: mostly a function, and whatever else the inbox takes.
   * @param begin starts it, with the handler's functions as they are to be run.
   */
  transaction<Result>(
    given: readonly unknown[],
    begin: (given: readonly unknown[]) => Promise<Result>,
  ): Promise<Result> {
    const thrown: unknown[] = []
    return this.#follow(
      begin(given.map((each) => (isFunction(each) ? this.#outside(each, thrown) : each))),
      thrown,
    )
  }

  /** A function of the handler's: while it runs, the run does not wait for the inbox. @param thrown gets what it throws. */
  #outside(run: Handlers, thrown: unknown[]): Handlers {
    const failed = (error: unknown): never => {
      thrown.push(error)
      throw error
    }
    const ended = (): void => void (this.#underWay += 1)
    return (...given) => {
      this.#underWay -= 1
      let returned: unknown
      try {
        returned = run(...given)
      } catch (error) {
        ended()
        return failed(error)
      }
      if (isThenable(returned)) return Promise.resolve(returned).catch(failed).finally(ended)
      ended()
      return returned
    }
  }

  async #follow<Result>(step: Promise<Result>, thrown: readonly unknown[]): Promise<Result> {
    this.#underWay += 1
    try {
      const result = await step
      this.#outage = undefined
      return result
    } catch (error) {
      this.#outage = isOutage(error) && !isHandlers(error, thrown) ? error : undefined
      throw error
    } finally {
      this.#underWay -= 1
    }
  }
}

type Handlers = (...given: readonly unknown[]) => unknown

function isFunction(value: unknown): value is Handlers {
  return typeof value === 'function'
}

/** Whether a transaction has failed by what its function has thrown. */
function isHandlers(error: Error, thrown: readonly unknown[]): boolean {
  if (thrown.length === 0) return false
  return thrown.includes(error) || !isTidingsError(error) || !ofTheStore.has(error.code)
}

/**
 * What the engine of a bus has said when it could not be used. A handler that publishes fails with it, and it is no fault of
 * its event, either.
 */
export class EngineOutages {
  readonly #errors = new WeakSet<Error>()

  /** Follows a publish of the bus. */
  async follow(publishing: Promise<void>): Promise<void> {
    try {
      await publishing
    } catch (error) {
      if (error instanceof Error && (isOutage(error) || isOutage(causeOf(error)))) this.#errors.add(error)
      throw error
    }
  }

  /** Such an error that this one is, or that it names as its cause. */
  find(error: unknown): Error | undefined {
    let each = error
    for (let depth = 0; depth < causesFollowed && each instanceof Error; depth++) {
      if (this.#errors.has(each)) return each
      each = each.cause
    }
    return undefined
  }
}

/** An error whose causes go round in a circle ends there. */
const causesFollowed = 16

/** Of events that could not be published, why. */
function causeOf(error: Error): unknown {
  return isTidingsError(error, 'publish_failed') ? error.cause : undefined
}
