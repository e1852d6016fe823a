import { reasonsOf, type VersionFinding, type VersionState } from '../catalog/index.ts'
import type { Output } from './output.ts'
import { type Column, table } from './table.ts'
import { counted, printable } from './text.ts'

export const formats = ['text', 'github', 'json'] as const
export type Format = (typeof formats)[number]

const faults: ReadonlySet<VersionState> = new Set(['changed', 'incompatible', 'refused'])

export function isFault({ state }: VersionFinding): boolean {
  return faults.has(state)
}

/** Prints how versions stand: for people, as annotations of GitHub Actions, or as JSON lines. */
export async function report(
  findings: readonly VersionFinding[],
  format: Format,
  output: Output,
): Promise<void> {
  const wrong = findings.filter(isFault)
  if (format === 'json') await output.lines(findings.map((finding) => JSON.stringify(findingJson(finding))))
  else if (format === 'github') await output.lines(wrong.flatMap(annotations))
  else await output.lines([...table(columns, findings), ...wrong.flatMap(reasonLines)])
  output.words(
    wrong.length === 0
      ? `${counted(findings.length, 'version')} checked: all may be published.`
      : `${counted(findings.length, 'version')} checked: ${wrong.length} may not be published.`,
  )
}

const columns: readonly Column<VersionFinding>[] = [
  { title: 'TYPE', text: ({ type }) => type },
  { title: 'VERSION', align: 'right', text: ({ version }) => String(version) },
  { title: 'STATE', text: ({ state }) => state },
]

function reasonLines(finding: VersionFinding): string[] {
  return reasonsOf(finding).flatMap((reason) => ['', printable(reason)])
}

function findingJson(finding: VersionFinding): object {
  const { type, version, state, differences } = finding
  return { type, version, state, reasons: reasonsOf(finding), differences }
}

/** As workflow commands are escaped (docs.github.com, workflow commands). */
function annotations(finding: VersionFinding): string[] {
  const { type, version, state } = finding
  const title = escaped(`${type} version ${version} is ${state}`)
    .replaceAll(':', '%3A')
    .replaceAll(',', '%2C')
  return reasonsOf(finding).map((reason) => `::error title=${title}::${escaped(reason)}`)
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
