import { checkOptionNames, groupDefaults, shown, TidingsError } from '../kernel/index.ts'

/** How events are put together for a handler of batches. */
export interface BatchOptions {
  /** Events of one batch at the most, from 1 to 4,096. Default 500. */
  readonly max?: number | undefined
  /** How long the first event of a batch waits for others, in ms. Default 50. */
  readonly waitMs?: number | undefined
}

const optionNames = { max: true, waitMs: true } as const satisfies Record<keyof BatchOptions, true>

/** @throws `option_invalid` */
export function batchPolicy(options: BatchOptions): { readonly max: number; readonly waitMs: number } {
  checkOptionNames('onBatch()', options, optionNames)
  const { max = groupDefaults.batchEvents, waitMs = groupDefaults.batchWaitMs } = options
  return {
    max: within('max', max, 1, groupDefaults.inFlightEvents),
    waitMs: within('waitMs', waitMs, 0, groupDefaults.longestBatchWaitMs),
  }
}

function within(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new TidingsError(
    'option_invalid',
    `${name} of onBatch() is ${shown(value)}. Give a whole number from ${least} to ${most}.`,
  )
}
