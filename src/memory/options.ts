import { type Clock, checkOptionNames, systemClock } from '../kernel/index.ts'

export interface MemoryOptions {
  readonly clock?: Clock | undefined
}

/** @param called what was called, for the error. @throws `option_invalid` for an option that nobody reads. */
export function clockOf(called: string, options: MemoryOptions): Clock {
  checkOptionNames(called, options, { clock: true })
  return options.clock ?? systemClock
}
