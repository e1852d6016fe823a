import { afterAll, expect } from 'vitest'
import { openSdk } from './sdk.fixture.ts'

/** Registers an SDK for all tests of the file that calls this: what is instrumented makes spans there. */
export function registerSdk(): void {
  const sdk = openSdk()
  afterAll(() => {
    expect(sdk.spans().length).toBeGreaterThan(0)
  })
}
