import { relative, sep } from 'node:path'

export interface EngineUnderTest {
  readonly name: string
  /** Beginnings of names in the paths of its tests. */
  readonly testsIn: readonly string[]
  readonly version?: string
  /** Why it cannot be had. */
  readonly missing?: string
}

/** What is used of vitest's JSON. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly message?: string
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
    }[]
  }[]
}

interface Row {
  passed: number
  failed: number
  readonly skipped: string[]
}

/** Engine, version, suite, passed, failed, and what was skipped with the reasons, as a table of Markdown. */
export function tableOf(engines: readonly EngineUnderTest[], report: Report, root: string): string {
  const lines = engines.flatMap((engine) => {
    if (engine.missing !== undefined)
      return [[engine.name, '–', `not available: ${engine.missing}`, '', '', '']]
    const suites = suitesOf(engine.testsIn, report, root)
    return [...suites].map(([suite, { passed, failed, skipped }]) => [
      engine.name,
      engine.version ?? '',
      suite,
      String(passed),
      String(failed),
      skipped.length === 0 ? '0' : `${skipped.length}: ${skipped.join('; ')}`,
    ])
  })
  const head = ['engine', 'version', 'suite', 'passed', 'failed', 'skipped']
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** By the outermost `describe`. */
function suitesOf(
  testsIn: readonly string[],
  { testResults }: Report,
  root: string,
): ReadonlyMap<string, Row> {
  const suites = new Map<string, Row>()
  const rowOf = (suite: string): Row => {
    const row = suites.get(suite) ?? { passed: 0, failed: 0, skipped: [] }
    suites.set(suite, row)
    return row
  }
  for (const { name, assertionResults } of testResults) {
    const path = relative(root, name)
    if (!path.split(sep).some((part) => testsIn.some((beginning) => part.startsWith(beginning)))) continue
    if (assertionResults.length === 0) rowOf(path).failed += 1
    for (const { ancestorTitles, title, status } of assertionResults) {
      const row = rowOf(ancestorTitles[0] ?? path)
      if (status === 'passed') row.passed += 1
      else if (status === 'failed') row.failed += 1
      else row.skipped.push(reasonOf(title))
    }
  }
  return suites
}

/** The reason stands last in the name, in parentheses. */
function reasonOf(title: string): string {
  return /\(([^()]*)\)$/.exec(title)?.[1] ?? title
}
