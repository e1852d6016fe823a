import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { capabilityRows } from '../src/cli/capability-rows.ts'
import { everyEngine } from './every-engine.ts'

/** The table of docs/engines.md: a line for each capability, a column for each engine. */
function capabilityTable(): string {
  const columns = everyEngine.map((capabilities) => capabilityRows(capabilities))
  const lines = (columns[0] ?? []).map(({ capability, about }, index) => [
    `\`${capability}\``,
    ...columns.map((rows) => rows[index]?.value ?? ''),
    about,
  ])
  const head = ['Capability', ...everyEngine.map(({ name }) => name), 'About']
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const page = join(import.meta.dirname, '..', 'docs', 'engines.md')
const marked = /(?<=<!-- capabilities: [^\n]*-->\n).*?(?=<!-- end -->)/s

test('docs/engines.md says of every engine what its code declares', async () => {
  const written = readFileSync(page, 'utf8')
  expect(written).toMatch(marked)
  await expect(written.replace(marked, () => `${capabilityTable()}\n`)).toMatchFileSnapshot(page)
})
