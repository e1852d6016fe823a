/** The data of each version, by its number. */
export interface VersionMap {
  readonly [version: number]: unknown
}

/** Position n holds n + 1. Beyond the last, that a version is a number is all that the compiler checks. */
type After = [
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
  17,
  18,
  19,
  20,
  21,
  22,
  23,
  24,
  25,
  26,
  27,
  28,
  29,
  30,
  31,
  32,
]

type Next<Version extends number> = After[Version] extends number ? After[Version] : number

/** The one that no other follows. */
export type NewestOf<Versions> = number extends keyof Versions
  ? number
  : {
      [Version in keyof Versions & number]: Next<Version> extends keyof Versions ? never : Version
    }[keyof Versions & number]

export type NextOf<Versions> = number extends keyof Versions ? number : Next<NewestOf<Versions>>
