import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inChild, median, rounded, say } from './harness.ts'
import type { CheckTime } from './schema/compatibility.ts'
import type { MemoryGrowth } from './schema/memory.ts'
import { benchRegistry } from './schema/registry.ts'
import type { ValidationRate } from './schema/validation.ts'

export interface SchemaBenchOptions {
  readonly rounds: number
}

/** What is to be reached: validations a second, milliseconds, megabytes. */
const targets = { validatePerSecond: 2_000_000, checkP50Ms: 1, grownMegabytes: 1 }

/** How fast is data validated, a version of a schema checked and a registry asked, and does compiling keep memory? */
export async function benchSchema({ rounds }: SchemaBenchOptions): Promise<object> {
  const cache = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  try {
    const [plain, patterned, checks, growth]: [number[], number[], CheckTime[], MemoryGrowth[]] = [
      [],
      [],
      [],
      [],
    ]
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`)
      plain.push(await rate(cache, 'validate'))
      patterned.push(await rate(cache, 'validateWithPattern'))
      checks.push((await inChild<CheckTime>(cache, 'schema/compatibility.ts', 'checkProperties', {})).figures)
      growth.push((await inChild<MemoryGrowth>(cache, 'schema/memory.ts', 'compileAgain', {})).figures)
    }
    const registry = await benchRegistry({
      folder: cache,
      versions: 10_000,
      registrations: 2_000,
      lookUps: 50_000,
    })
    return { bench: 'schema', rounds, ...report(plain, patterned, checks, growth), registry }
  } finally {
    await rm(cache, { recursive: true })
  }
}

async function rate(cache: string, measurement: 'validate' | 'validateWithPattern'): Promise<number> {
  const { figures } = await inChild<ValidationRate>(cache, 'schema/validation.ts', measurement, {})
  return figures.perSecond
}

function report(
  plain: readonly number[],
  patterned: readonly number[],
  checks: readonly CheckTime[],
  growth: readonly MemoryGrowth[],
): object {
  const p50Ms = median(checks.map((check) => check.p50Ms))
  const grownMegabytes = median(growth.map((each) => each.grownMegabytes))
  return {
    node: process.versions.node,
    cpu: cpus()[0]?.model,
    cpus: cpus().length,
    validate: {
      perSecond: Math.round(median(plain)),
      withPatternPerSecond: Math.round(median(patterned)),
      target: targets.validatePerSecond,
      reached: median(plain) >= targets.validatePerSecond,
    },
    check: {
      p50Ms: rounded(p50Ms, 3),
      p99Ms: rounded(median(checks.map((check) => check.p99Ms)), 3),
      target: targets.checkP50Ms,
      reached: p50Ms <= targets.checkP50Ms,
    },
    compileAgain: {
      grownMegabytes: rounded(grownMegabytes),
      perSecond: Math.round(median(growth.map(({ perSecond }) => perSecond))),
      target: targets.grownMegabytes,
      reached: grownMegabytes <= targets.grownMegabytes,
    },
  }
}
