import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'tidings-quick-start-'))
afterAll(() => rmSync(folder, { recursive: true }))

const run = (): string =>
  execFileSync(process.execPath, [join(root, 'examples/quick-start.ts')], { cwd: folder, encoding: 'utf8' })

test('The README quotes the quick start that is run here', () => {
  const quickStart = readFileSync(join(root, 'examples/quick-start.ts'), 'utf8')
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`\`\`\`ts\n${quickStart}\`\`\``)
})

test('The quick start writes one invoice for each order, also when it is run again', () => {
  expect(run()).toBe('invoice for o-1: 42 EUR\n')
  expect(run()).toBe('invoice for o-1: 42 EUR\n')
})
