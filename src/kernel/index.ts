export type { CallerTransaction } from './caller-transaction.ts'
export { type Backoff, type BackoffOptions, constant, exponential } from './backoff.ts'
export { type Clock, sleep, systemClock, type Timer } from './clock.ts'
export { type Duration, durationMs, durationText } from './duration.ts'
export {
  type DetailsOf,
  type ErrorCode,
  type ErrorDetails,
  type ErrorKind,
  errorCodes,
  type Issue,
  isTidingsError,
  listed,
  TidingsError,
  toError,
} from './errors.ts'
export { createIds } from './ids.ts'
export { checkJsonText, tooDeep } from './json-guard.ts'
export { groupDefaults, limits } from './limits.ts'
export { Listeners } from './listeners.ts'
export { checkName } from './names.ts'
export { nearest } from './nearest.ts'
export { OneAtATime } from './one-at-a-time.ts'
export { checkOptionNames, shown } from './options.ts'
export { type Random, seededRandom, systemRandom } from './random.ts'
export { Recent } from './recent.ts'
export { isThenable } from './thenable.ts'
export { Turns } from './turns.ts'
