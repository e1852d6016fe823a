import { defineConfig } from 'vitest/config'
import { sources } from '../../vitest.config.ts'
import { mutated } from './mutant.ts'
import { mutants } from './mutants.ts'

/** Tests with one file of `src` as the mutant of the environment has it: `npm run torture -- mutants` runs them. */
const mutant = mutants.find(({ name }) => name === process.env['TIDINGS_MUTANT'])
if (mutant === undefined) throw new Error('TIDINGS_MUTANT names no mutant.')
const target = new URL(`../../src/${mutant.file}`, import.meta.url).pathname

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  resolve: { alias: sources },
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform: (source, id) => (id === target ? mutated(source, mutant) : undefined),
    },
  ],
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    // It would hand a mutant on to the next run, and another one to this.
    fsModuleCache: false,
  },
})
