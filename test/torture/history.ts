import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Which event of which group: keys and their numbers name events. */
export interface Handling {
  readonly group: string
  readonly key: string
  readonly number: number
}

export const nameOf = ({ group, key, number }: Handling): string => `${group} ${key} ${number}`

/** What a process says the moment it happens. */
export type Happening =
  | { readonly kind: 'acked'; readonly key: string; readonly number: number }
  | ({ readonly kind: 'started'; readonly attempt: number } & Handling)
  | ({ readonly kind: 'ended' } & Handling)
  /** Asked for by the redriver, said right before; `reason` is that of the dead letter. */
  | ({ readonly kind: 'redriven'; readonly reason: string } & Handling)
  | ({ readonly kind: 'discarded'; readonly reason: string } & Handling)
  /** A fault, said by whoever applies it, right before it does: an event that kills its process says so in its name. */
  | { readonly kind: 'killed' | 'paused' | 'resumed'; readonly target: string }
  /** The lease of a process was seen to have ended. */
  | { readonly kind: 'lapsed'; readonly target: string }
  | ({ readonly kind: 'looked' } & Look)
  /** This process dies here, or tries to while the step is under way. */
  | { readonly kind: 'struck'; readonly point: string; readonly phase: string }

/** What one look at a partition saw. */
export interface Look {
  readonly group: string
  readonly partition: number
  readonly committed: number
  /** The first offset before `committed` without an effect or a dead letter; `committed` where there is none. */
  readonly unfinished: number
}

/** `atUs`: µs on the machine's monotonic clock, which all processes share. `process`: one life of one process. */
export type Entry = Happening & { readonly atUs: number; readonly process: string }

/** Appends to a file of this process alone; what was told is there after a SIGKILL. */
export function openHistory(folder: string, process: string): (happening: Happening) => void {
  const file = openSync(join(folder, `${process}.jsonl`), 'a')
  return (happening) => {
    writeSync(file, `${JSON.stringify({ atUs: nowUs(), process, ...happening })}\n`)
  }
}

/** The files of all processes as one history, in the order of time. */
export function readHistory(folder: string): readonly Entry[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  return files
    .flatMap((name) => parseHistory(readFileSync(join(folder, name), 'utf8')))
    .toSorted((a, b) => a.atUs - b.atUs)
}

/** A last line that its process did not live to finish is left out. */
export function parseHistory(text: string): readonly Entry[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry)
}

export const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n)
