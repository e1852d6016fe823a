import { checkOptionNames, shown, TidingsError } from '../kernel/index.ts'
import { type Moment, momentMs } from './moment.ts'
import type { Until } from './stream-reader.ts'

/** Up to where a stream counts; default all of it. */
export interface PointInTime {
  /** The longest beginning of the stream in which no event's own `time` is later. */
  readonly asOf?: Moment | undefined
  /** Up to this stream version. */
  readonly version?: number | undefined
}

/** For whatever has more options than these. */
export const pointNames: Readonly<Record<keyof PointInTime, true>> = { asOf: true, version: true }

/** @throws `option_invalid` */
export function untilOf(point: PointInTime): Until {
  checkOptionNames('A point in time', point, pointNames)
  const { asOf, version } = point
  checkStreamVersion(version)
  return { version, asOfMs: asOf === undefined ? undefined : momentMs('asOf', asOf) }
}

/** Whether all of the stream counts. */
export function isNow({ asOfMs, version }: Until): boolean {
  return asOfMs === undefined && version === undefined
}

/** @throws `option_invalid` */
export function checkStreamVersion(version: number | undefined): void {
  if (version === undefined || (Number.isSafeInteger(version) && version >= 0)) return
  throw new TidingsError(
    'option_invalid',
    `A stream has no version ${shown(version)}. Give a whole number from 0.`,
  )
}
