import type { FinishedRange } from '../log/index.ts'

/** What goes with a commit beside the watermark. */
export interface CommitState {
  /** Finished above the watermark. */
  readonly finished: readonly FinishedRange[]
  /** Failed attempts of unfinished events, by offset. */
  readonly attempts: ReadonlyMap<number, number>
  /** Unfinished events before this offset may be in hand when the process dies; the watermark where none can be. */
  readonly begun: number
}

/**
 * As text, with offsets as distances, so that it stays short: it travels with every commit and is bounded by
 * `limits.commitStateBytes`. Nothing to say is the empty text.
 */
export function encodeCommitState(watermark: number, { finished, attempts, begun }: CommitState): string {
  const ahead = Math.max(0, begun - watermark)
  if (finished.length === 0 && attempts.size === 0 && ahead === 0) return ''
  let last = watermark
  const gaps = finished.flatMap(([from, to]) => {
    const pair = [from - last, to - from]
    last = to
    return pair
  })
  const counts = [...attempts].flatMap(([offset, count]) => [offset - watermark, count])
  return `${gaps.map(digits).join(' ')};${counts.map(digits).join(' ')};${digits(ahead)}`
}

export function decodeCommitState(watermark: number, text: string): CommitState {
  const [gaps = [], counts = [], [ahead = 0] = []] = text
    .split(';')
    .map((part) => part.split(' ').filter(Boolean).map(number))
  const finished: FinishedRange[] = []
  let last = watermark
  for (let at = 0; at + 1 < gaps.length; at += 2) {
    const from = last + (gaps[at] ?? 0)
    last = from + (gaps[at + 1] ?? 0)
    finished.push([from, last])
  }
  const attempts = new Map<number, number>()
  for (let at = 0; at + 1 < counts.length; at += 2) {
    attempts.set(watermark + (counts[at] ?? 0), counts[at + 1] ?? 0)
  }
  return { finished, attempts, begun: watermark + ahead }
}

const digits = (value: number): string => value.toString(36)
const number = (text: string): number => Number.parseInt(text, 36)
