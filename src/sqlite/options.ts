import { type Clock, checkOptionNames, type Random, systemClock, systemRandom } from '../kernel/index.ts'

export interface SqliteOptions {
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  /** False to open only a file that has what is asked for, a log, an outbox, streams, schemas: nothing is created. Default true. */
  readonly create?: boolean | undefined
}

/** Options with every default in place. */
interface SqliteSettings {
  readonly clock: Clock
  readonly random: Random
  readonly create: boolean
}

const optionNames = { clock: true, random: true, create: true } as const satisfies Record<
  keyof SqliteOptions,
  true
>

/** @param called what was called, for the error. @throws `option_invalid` for an option that nobody reads. */
export function sqliteSettings(called: string, options: SqliteOptions): SqliteSettings {
  checkOptionNames(called, options, optionNames)
  const { clock = systemClock, random = systemRandom, create = true } = options
  return { clock, random, create }
}
