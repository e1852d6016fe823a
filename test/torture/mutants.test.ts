import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { expect, test } from 'vitest'
import { mutated } from './mutant.ts'
import { mutants } from './mutants.ts'

test.each(mutants)(
  'The mutant "$name" changes what is in its file exactly once, and the file is still a program',
  (mutant) => {
    const source = readFileSync(new URL(`../../src/${mutant.file}`, import.meta.url), 'utf8')
    const broken = mutated(source, mutant)
    expect(broken).toContain(mutant.replace)
    expect(() => stripTypeScriptTypes(broken)).not.toThrow()
  },
)

test('A mutant whose text is gone, or is there twice, is an error', () => {
  const mutant = { ...mutants[0], name: 'cut', file: 'a.ts', find: 'cut', replace: '' } as (typeof mutants)[0]
  expect(() => mutated('kept', mutant)).toThrow('src/a.ts 0 times')
  expect(() => mutated('cut, cut', mutant)).toThrow('src/a.ts 2 times')
})

test('Every mutant has a name of its own', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
})
