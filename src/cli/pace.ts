import { limits } from '../index.ts'
import type { Context } from './context.ts'
import { countText } from './text.ts'

export interface Pace {
  /** No more than so many a second; undefined: as fast as it goes. */
  readonly rate: number | undefined
  /** How many there are. */
  readonly count: number
  /** What is counted: "redrives requested". */
  readonly words: string
}

/**
 * Does something with everything in turn, in slices that keep to the rate, until all is done or the command is
 * interrupted: what was done stays done. Returns how many were done.
 * @param act returns with how many of a slice it was done.
 */
export async function inPace<Each>(
  pages: AsyncIterable<readonly Each[]>,
  { rate, count, words }: Pace,
  { io, output }: Context,
  act: (slice: readonly Each[]) => Promise<number>,
): Promise<number> {
  let done = 0
  let begun = 0
  for await (const page of pages) {
    for (const slice of slicesOf(page, rate)) {
      if (io.signal.aborted) return done
      done += await act(slice)
      begun += slice.length
      output.progress(`${countText(done)} of ${countText(count)} ${words}`)
      if (rate !== undefined && begun < count) await io.wait((slice.length * 1_000) / rate, io.signal)
    }
  }
  return done
}

/** Ten slices a second where the rate allows. */
function* slicesOf<Each>(page: readonly Each[], rate: number | undefined): Generator<readonly Each[]> {
  const size = Math.min(limits.cliWritten, Math.max(1, Math.ceil((rate ?? Number.POSITIVE_INFINITY) / 10)))
  for (let from = 0; from < page.length; from += size) yield page.slice(from, from + size)
}
