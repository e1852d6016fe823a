import { defineConfig, mergeConfig } from 'vitest/config'
import { sources } from './vitest.config.ts'

/** The tests that need a server: `npm run test:engines` starts what can be had, and says where it is. */
export default mergeConfig(
  { resolve: { alias: sources } },
  defineConfig({
    test: {
      include: ['src/**/*.engine.test.ts', 'test/**/*.engine.test.ts'],
      testTimeout: 60_000,
      // Contract cases mostly wait for time to pass.
      maxConcurrency: 16,
    },
  }),
)
