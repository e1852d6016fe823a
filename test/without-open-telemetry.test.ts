import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const programs = join(import.meta.dirname, 'programs')

test('Events are linked where @opentelemetry/api is not installed', async () => {
  const hooks = join(programs, 'without-open-telemetry.ts')
  const program = join(programs, 'linked-events.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', hooks, program])
  const { seen, hasOpenTelemetry } = JSON.parse(stdout) as { seen: string[]; hasOpenTelemetry: boolean }
  expect(hasOpenTelemetry).toBe(false)
  expect(seen[0]).toMatch(/^[0-9a-f]{32}$/)
  expect(seen[1]).toBe(seen[0])
})
