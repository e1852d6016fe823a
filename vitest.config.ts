import { defineConfig } from 'vitest/config'

const source = (path: string): string => new URL(`./src/${path}`, import.meta.url).pathname

export default defineConfig({
  resolve: {
    alias: [
      { find: /^tidings$/, replacement: source('index.ts') },
      { find: /^tidings\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Many tests wait for processes and leases: with one core left free, as by default, two cores would run them one by one.
    maxWorkers: '100%',
    testTimeout: 20_000,
  },
})
