import { randomUUID } from 'node:crypto'
import { describe, test } from 'vitest'
import type { TestRunner } from '../testing/index.ts'

/** The server that tests share, as `npm run test:engines` starts it; undefined where there is none. */
export const motoUrl: string | undefined = process.env['TIDINGS_MOTO_URL']

// moto takes any, and the SDK wants some.
process.env['AWS_ACCESS_KEY_ID'] ??= 'tests'
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'tests'

/** A name that no other test has. */
export function freshName(): string {
  return `t-${randomUUID().slice(0, 8)}`
}

/** The URL of an event bus there, or behind another address: a test's own, since moto looks through all rules of a bus. */
export function busUrl({ bus = freshName(), endpoint = motoUrl ?? '' } = {}): string {
  return `eventbridge://us-east-1/${bus}?endpoint=${encodeURIComponent(endpoint)}`
}

/** Tests on moto, or one line that says why there are none. */
export function describeOnMoto(name: string, tests: () => void): void {
  if (motoUrl === undefined)
    describe.skip(`${name} (there is no moto here: npm run test:engines starts one)`, tests)
  else describe(name, tests)
}

/** Runs cases at the same time: each has names of its own, and most of them wait. */
export const concurrently: TestRunner = Object.assign(
  (name: string, run: () => Promise<void>) => test.concurrent(name, run),
  { skip: test.skip },
)
