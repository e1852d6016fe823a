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
export { groupDefaults, limits } from './limits.ts'
export { checkName } from './names.ts'
export { type Random, seededRandom, systemRandom } from './random.ts'
