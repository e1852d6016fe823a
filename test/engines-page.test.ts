import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { capabilityRows } from '../src/cli/capability-rows.ts'
import { kafkaCapabilities } from '../src/kafka/index.ts'
import { memoryCapabilities } from '../src/memory/capabilities.ts'
import { postgresCapabilities } from '../src/postgres/capabilities.ts'
import { rabbitmqCapabilities } from '../src/rabbitmq/index.ts'
import { sqliteCapabilities } from '../src/sqlite/capabilities.ts'

/** Every engine, in the order of the page. */
const engines = [
  memoryCapabilities,
  sqliteCapabilities,
  postgresCapabilities,
  kafkaCapabilities,
  rabbitmqCapabilities,
]

/** The table of docs/engines.md: a line for each capability, a column for each engine. */
function capabilityTable(): string {
  const columns = engines.map((capabilities) => capabilityRows(capabilities))
  const lines = capabilityRows(memoryCapabilities).map(({ capability, about }, index) => [
    `\`${capability}\``,
    ...columns.map((rows) => rows[index]?.value ?? ''),
    about,
  ])
  const head = ['Capability', ...engines.map(({ name }) => name), 'About']
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const page = join(import.meta.dirname, '..', 'docs', 'engines.md')
const marked = /(?<=<!-- capabilities: [^\n]*-->\n).*?(?=<!-- end -->)/s

test('docs/engines.md says of every engine what its code declares', async () => {
  const written = readFileSync(page, 'utf8')
  expect(written).toMatch(marked)
  await expect(written.replace(marked, () => `${capabilityTable()}\n`)).toMatchFileSnapshot(page)
})
