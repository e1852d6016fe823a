import { configDefaults, defineConfig } from 'vitest/config'

const source = (path: string): string => new URL(`./src/${path}`, import.meta.url).pathname

/** The package by its name, as users import it. */
export const sources = [
  { find: /^tidings$/, replacement: source('index.ts') },
  { find: /^tidings\/(.+)$/, replacement: source('$1/index.ts') },
]

export default defineConfig({
  resolve: { alias: sources },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    // These need a server: npm run test:engines.
    exclude: [...configDefaults.exclude, '**/*.engine.test.ts'],
    // Many tests wait for processes and leases: with one core left free, as by default, two cores would run them one by one.
    maxWorkers: '100%',
    testTimeout: 20_000,
  },
})
