/**
 * Has AsyncAPI's own parser read the document of the shop's catalog, and two that are wrong. The parser brings 169
 * packages, so it is installed on its own, once, in the cache folder.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { asyncApi } from 'tidings/catalog'
import { catalog } from '../../examples/shop/catalog/catalog.ts'

const version = '3.6.6'
const folder = join(import.meta.dirname, `../../node_modules/.cache/asyncapi-parser-${version}`)

interface Diagnostic {
  readonly message: string
  readonly path: readonly (string | number)[]
  /** 0 is an error, 1 a warning. */
  readonly severity: number
}

interface Parsed {
  readonly document:
    | { channels(): { all(): readonly unknown[] }; messages(): { all(): readonly unknown[] } }
    | undefined
  readonly diagnostics: readonly Diagnostic[]
}

function loadParser(): { parse(document: string): Promise<Parsed> } {
  if (!existsSync(join(folder, 'node_modules/@asyncapi/parser'))) {
    const install = [
      'install',
      '--ignore-scripts',
      '--prefix',
      folder,
      '--no-audit',
      '--no-fund',
      `@asyncapi/parser@${version}`,
    ]
    execFileSync('npm', install, { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  const { Parser } = createRequire(join(folder, 'package.json'))('@asyncapi/parser') as {
    Parser: new () => { parse(document: string): Promise<Parsed> }
  }
  return new Parser()
}

const parser = loadParser()
const text = JSON.stringify(asyncApi(catalog, { title: 'Shop', version: '1.0.0' }))
const failures: string[] = []

for (const binary of ['http', 'kafka'] as const) {
  const ofMode = JSON.stringify(asyncApi(catalog, { title: 'Shop', version: '1.0.0', binary }))
  const wrong = (await parser.parse(ofMode)).diagnostics.filter(({ severity }) => severity === 0)
  for (const { message, path } of wrong) failures.push(`${binary}: ${path.join('/')}: ${message}`)
}

const { document, diagnostics } = await parser.parse(text)
const serious = diagnostics.filter(({ severity }) => severity < 2)
for (const { message, path } of serious) console.log(`${path.join('/')}: ${message}`)
if (document === undefined || serious.some(({ severity }) => severity === 0))
  failures.push('The document was refused.')
const versions = catalog.topics.flatMap(({ events }) =>
  events.map(({ oldestVersion, newestVersion }) => newestVersion - oldestVersion + 1),
)
const expected = versions.reduce((sum, count) => sum + count, 0)
const messages = document?.messages().all().length
if (messages !== expected) failures.push(`It read ${messages} messages, not ${expected}.`)

for (const [right, wrong] of [
  ['"action":"receive"', '"action":"subscribe"'],
  ['"$ref":"#/channels/orders/messages/', '"$ref":"#/channels/orders/message/'],
] as const) {
  const { diagnostics: found } = await parser.parse(text.replace(right, wrong))
  if (!found.some(({ severity }) => severity === 0)) failures.push(`It did not refuse ${wrong}.`)
}

for (const failure of failures) console.error(failure)
console.log(
  `@asyncapi/parser ${version}: ${messages} messages, ${serious.length} complaints; ${failures.length === 0 ? 'accepted' : 'failed'}`,
)
process.exitCode = failures.length === 0 ? 0 : 1
