import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../src/kernel/errors.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** A folder imports itself and what stands on a line before it. */
const order = [
  ['kernel'],
  ['event', 'schema'],
  ['catalog'],
  ['log', 'streams'],
  ['dead-letter', 'inbox', 'outbox', 'tracing', 'journal'],
  ['bus'],
  ['memory', 'sqlite', 'postgres', 'kafka', 'rabbitmq', 'eventbridge'],
  ['testing', 'registry', 'audit'],
  ['console', 'cli'],
]
const rankOf = (folder: string): number => order.findIndex((line) => line.includes(folder))

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

const isTest = (file: string): boolean => /\.(test|fixture|example)\.ts$/.test(file)
const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !isTest(file))
const imports = files.flatMap(importsOf)

function importsOf(from: string): Import[] {
  const statements = read(from).matchAll(
    /^(?:import|export)(\s+type)?\s[^'"]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm,
  )
  return [...statements].map(([, type, fixed, dynamic]) => ({
    from,
    to: relative(root, join(root, dirname(from), fixed ?? dynamic ?? '')),
    typeOnly: type !== undefined,
  }))
}

/** `bus` for src/bus/bus.ts; empty for a file of src itself, which stands above all folders but the CLI. */
const folderOf = (file: string): string => (file.split('/').length > 2 ? (file.split('/')[1] ?? '') : '')
const between = imports.filter(({ from, to }) => folderOf(from) !== folderOf(to))

describe('The house', () => {
  test('has only folders that the design names', () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => folder !== '' && rankOf(folder) < 0)).toEqual(
      [],
    )
  })

  test('is built upwards: a folder imports only what stands before it', () => {
    const wrong = between.filter(({ from, to }) => {
      const [above, below] = [folderOf(from), folderOf(to)]
      if (above === '') return below === 'cli'
      if (below === '') return above !== 'cli'
      return rankOf(below) >= rankOf(above)
    })
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  test('has one door to each folder, its index', () => {
    const wrong = between.filter(({ to }) => folderOf(to) !== '' && !to.endsWith('/index.ts'))
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  test('has no cycles', () => {
    const next = new Map<string, string[]>()
    for (const { from, to } of imports.filter((each) => !each.typeOnly))
      next.set(from, [...(next.get(from) ?? []), to])
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file))
        throw new Error(`A cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
      if (done.has(file)) return
      for (const to of next.get(file) ?? []) visit(to, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
  })

  test('lets the command line use only what users can import', () => {
    const doors = new Set(
      Object.keys(exportPaths()).map((path) =>
        path === '.' ? 'src/index.ts' : `src/${path.slice(2)}/index.ts`,
      ),
    )
    const used = between.filter(({ from }) => folderOf(from) === 'cli').map(({ to }) => to)
    expect(used.filter((to) => !doors.has(to))).toEqual([])
  })

  test('keeps files short enough to hold in the head', () => {
    expect(files.filter((file) => read(file).split('\n').length > 400)).toEqual([])
  })
})

describe('The package', () => {
  test('has a folder and a page for every path that can be imported', () => {
    const names = Object.keys(exportPaths()).flatMap((path) => (path === '.' ? [] : [path.slice(2)]))
    const missing = names.flatMap((name) =>
      [`src/${name}/index.ts`, `docs/${name}.md`].filter(
        (path) => globSync(path, { cwd: root }).length === 0,
      ),
    )
    expect(missing).toEqual([])
  })

  test('explains every error code, and no other, in docs/errors.md', () => {
    const rows = read('docs/errors.md').matchAll(
      /^\| `([a-z_]+)` \| (usage|invalid|missing|unreachable|refused|failed) \|/gm,
    )
    const explained = Object.fromEntries([...rows].map(([, code, kind]) => [code, kind]))
    expect(explained).toEqual(errorCodes)
  })

  test('throws every error code that it names', () => {
    const source = files
      .filter((file) => !file.endsWith('kernel/errors.ts'))
      .map(read)
      .join('\n')
    expect(Object.keys(errorCodes).filter((code) => !source.includes(`'${code}'`))).toEqual([])
  })

  test('draws every folder on the map in the README', () => {
    const readme = read('README.md')
    expect(
      [...new Set(files.map(folderOf))].filter((folder) => folder !== '' && !readme.includes(`${folder}/`)),
    ).toEqual([])
  })
})

function exportPaths(): Record<string, unknown> {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, unknown> }
  return Object.fromEntries(Object.entries(exports).filter(([path]) => path !== './package.json'))
}
