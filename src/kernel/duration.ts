import { TidingsError } from './errors.ts'

/** A length of time: milliseconds as a number, or text such as `'500ms'`, `'1s'`, `'5m'`, `'12h'`, `'30d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** @throws `option_invalid` for anything that is not a duration of zero or more. */
export function durationMs(duration: Duration): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration))
  const ms =
    typeof duration === 'number'
      ? duration
      : match
        ? Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
        : Number.NaN
  if (ms >= 0 && ms <= Number.MAX_SAFE_INTEGER) return ms
  throw new TidingsError(
    'option_invalid',
    `${JSON.stringify(duration)} is not a length of time. Write milliseconds as a number, or '500ms', '1s', '5m', '12h', '30d'.`,
  )
}

/** "340 ms", "1.5 s", "3 m 20 s", "2 h 5 m", "4 d 3 h": for people. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`
  const [large, small] =
    ms < 3_600_000 ? (['m', 's'] as const) : ms < 86_400_000 ? (['h', 'm'] as const) : (['d', 'h'] as const)
  const rest = Math.floor((ms % unitMs[large]) / unitMs[small])
  return `${Math.floor(ms / unitMs[large])} ${large}${rest > 0 ? ` ${rest} ${small}` : ''}`
}
