import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'tidings-versioning-'))
afterAll(() => rmSync(folder, { recursive: true }))

const program = join(root, 'examples/versioning.ts')
const page = readFileSync(join(root, 'docs/versioning.md'), 'utf8')

test('The page quotes every part of the program, in its order', () => {
  const parts = readFileSync(program, 'utf8').split(/^\/\/ --- .*$/m)
  const places = parts.map((part) => page.indexOf(`\`\`\`ts\n${part.trim()}\n\`\`\``))
  expect(places.length).toBeGreaterThan(5)
  expect(places.every((place) => place >= 0)).toBe(true)
  expect(places.toSorted((a, b) => a - b)).toEqual(places)
})

test('The program prints what the page says', () => {
  const printed = execFileSync(process.execPath, [program], { cwd: folder, encoding: 'utf8' })
  expect(page).toContain(`What the program prints:\n\n\`\`\`\n${printed}\`\`\``)
})
