import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../kernel/index.ts'
import { sqlite } from './sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidings-changes-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.skipIf(process.platform !== 'linux')(
  'A commit of another connection is noticed long before the next poll (skipped where the system does not tell of writes)',
  async () => {
    const file = join(folder, 'log.db')
    const writer = await sqlite(file)
    const reader = await sqlite(file, { clock: { ...systemClock, schedule: withoutPolls } })
    const retention = { ageMs: undefined, bytes: undefined }
    await writer.admin.createTopic({ name: 'orders', partitions: 1, retention })
    await wait(20)
    const noticed = new Promise<string>((resolve) => reader.admin.watch(() => resolve('noticed')))
    const event = { specversion: '1.0', id: '1', source: '/a', type: 't', data: 1 } as const
    await writer.publish([{ topic: 'orders', partition: 0, event, notBefore: undefined }], { tx: undefined })
    expect(await Promise.race([noticed, wait(5_000, 'not noticed')])).toBe('noticed')
    await reader.close()
    await writer.close()
  },
)

/** Timers that are far off never fire: the poll among them. */
const withoutPolls: typeof systemClock.schedule = (delayMs, callback, options) =>
  delayMs < 20 ? systemClock.schedule(delayMs, callback, options) : { cancel: () => undefined }
