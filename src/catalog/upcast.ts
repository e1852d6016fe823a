import { TidingsError } from '../kernel/index.ts'
import type { EventHistory } from './event-history.ts'
import type { EventVersion } from './event-version.ts'

/**
 * Data of that version as the newest has it, not checked. It is a Promise only where an upcaster returned one.
 * @throws `upcast_failed`, and a Promise rejects with it.
 */
export function upcast(history: EventHistory, version: number, data: unknown): unknown {
  return history
    .after(version)
    .reduce((before, target) => after(before, (settled) => step(history.type, target, settled)), data)
}

/** What follows a value: at once, or once its Promise is fulfilled. */
export function after<Result>(value: unknown, use: (settled: unknown) => Result): Result | Promise<Result> {
  return isThenable(value) ? Promise.resolve(value).then(use) : use(value)
}

function step(type: string, target: EventVersion, data: unknown): unknown {
  const fail = (cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TidingsError(
      'upcast_failed',
      `The upcaster of ${type} from version ${target.version - 1} to ${target.version} failed: ${reason}`,
      { cause },
    )
  }
  // What fits as it is needs no function.
  if (target.upcast === undefined) return data
  try {
    const result = target.upcast(data)
    return isThenable(result) ? Promise.resolve(result).catch(fail) : result
  } catch (cause) {
    return fail(cause)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
