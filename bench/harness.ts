import { fork } from 'node:child_process'
import { once } from 'node:events'

export interface Measured<Figures> {
  readonly figures: Figures
  /** The most memory the process ever held. */
  readonly rssMegabytes: number
}

/**
 * Runs one exported function of a file of this folder in a process of its own, so that neither memory nor compiled code
 * of one measurement is there in the next. What Node makes of TypeScript is kept in `cache`: else every child would
 * load a compiler, and its 20 MB would be measured too.
 */
export async function inChild<Figures>(
  cache: string,
  file: string,
  measurement: string,
  options: object,
): Promise<Measured<Figures>> {
  const module = new URL(file, import.meta.url).href
  const child = fork(new URL('child.ts', import.meta.url), [module, measurement, JSON.stringify(options)], {
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  })
  let measured: Measured<Figures> | undefined
  child.on('message', (message) => {
    measured = message as Measured<Figures>
  })
  const [code] = await once(child, 'exit')
  if (measured === undefined) throw new Error(`${measurement} ended with exit code ${code} and no figures`)
  return measured
}

/** The value below which the share `part` of all values lies: 0.5 is the median. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits))
}

/** The machine's monotonic clock, the same in all processes, in ms. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Progress is for people: stdout carries the figures alone. */
export function say(words: string): void {
  process.stderr.write(`${words}\n`)
}
