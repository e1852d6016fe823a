import type { Bus } from '../bus/index.ts'
import { decodeJson } from '../event/index.ts'
import { isTidingsError, type TidingsError } from '../index.ts'
import type { Line } from './ndjson.ts'

/** A line that is not published, and why. */
export interface Refusal {
  readonly line: number
  readonly error: TidingsError
}

/** What became of some lines. */
export interface Outcome {
  readonly published: number
  readonly refused: readonly Refusal[]
  /** The first line that is not published for a reason that is not its own: the lines after it would fare alike. */
  readonly stopped: { readonly line: number; readonly error: unknown } | undefined
}

/**
 * Publishes each line's event by itself, all at the same time, in the order of the lines: they share a commit, and a
 * line that is refused takes no other with it.
 */
export async function publishLines(bus: Bus, lines: readonly Line[]): Promise<Outcome> {
  const results = await Promise.allSettled(lines.map((line) => publishLine(bus, line)))
  const refused: Refusal[] = []
  let stopped: Outcome['stopped']
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') continue
    const line = lines[index]?.number ?? 0
    const error: unknown = result.reason
    if (isOwnFault(error)) refused.push({ line, error })
    else stopped ??= { line, error }
  }
  const published = results.filter(({ status }) => status === 'fulfilled').length
  return { published, refused, stopped }
}

async function publishLine(bus: Bus, line: Line): Promise<void> {
  if ('fault' in line) throw line.fault
  await bus.publishEvents([decodeJson(line.text)])
}

function isOwnFault(error: unknown): error is TidingsError {
  return isTidingsError(error) && (error.kind === 'invalid' || error.kind === 'missing')
}
