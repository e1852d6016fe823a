import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { LogStore } from '../log/index.ts'
import { pragma } from './database.ts'
import { folder, openStore } from './sqlite.fixture.ts'

interface Appending {
  readonly process: ChildProcess
  /** What it has printed as durable. */
  readonly acked: string[]
}

function appendInProcess(file: string, name: string, count: number): Appending {
  const script = fileURLToPath(new URL('./append-process.fixture.ts', import.meta.url))
  const child = spawn(process.execPath, [script, file, name, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acked: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => acked.push(line))
  return { process: child, acked }
}

async function createOrders(file: string): Promise<void> {
  await using opened = openStore(file)
  const retention = { ageMs: undefined, bytes: undefined }
  await opened.store.createTopic({ name: 'orders', partitions: 2, retention })
}

/** All records of the topic; their offsets are dense, else reading them would have failed. */
async function allBodies(store: LogStore): Promise<string[]> {
  const found = await Promise.all(
    [0, 1].map((partition) => store.read('orders', partition, 0, { maxRecords: 1e6, maxBytes: 1e9 })),
  )
  return found.flat().map(({ encoded }) => (typeof encoded === 'string' ? encoded : ''))
}

describe('Several processes on one file', () => {
  test('append at the same time, and nothing is lost, doubled or out of order', async () => {
    using files = folder()
    await createOrders(files.file())
    const names = ['a', 'b', 'c']
    const children = names.map((name) => appendInProcess(files.file(), name, 100))
    await Promise.all(children.map((child) => once(child.process, 'close')))
    await using opened = openStore(files.file())
    const bodies = await allBodies(opened.store)
    expect(bodies).toHaveLength(300)
    for (const name of names) {
      const own = bodies.filter((body) => body.startsWith(name)).map((body) => Number(body.slice(2)))
      expect(own.filter((number) => number % 2 === 0)).toEqual(
        Array.from({ length: 50 }, (_, index) => 2 * index),
      )
      expect(own.filter((number) => number % 2 === 1)).toEqual(
        Array.from({ length: 50 }, (_, index) => 2 * index + 1),
      )
    }
  })

  test('tell each other of what they append', async () => {
    using files = folder()
    await createOrders(files.file())
    await using opened = openStore(files.file())
    let told = 0
    opened.store.watch(({ kind }) => (told += kind === 'unknown' ? 1 : 0))
    await once(appendInProcess(files.file(), 'a', 1).process, 'close')
    await opened.clock.advance(20)
    expect(told).toBe(1)
    await opened.clock.advance(1_000)
    expect(told).toBe(1)
  })
})

describe('A process that is killed with -9', () => {
  test('has lost nothing that it acknowledged, in five lives', async () => {
    using files = folder()
    await createOrders(files.file())
    const acked: string[] = []
    for (let life = 0; life < 5; life++) {
      const child = appendInProcess(files.file(), `life${life}`, 1_000_000)
      while (child.acked.length < 20 + life * 7) await new Promise((resolve) => setImmediate(resolve))
      child.process.kill('SIGKILL')
      await once(child.process, 'close')
      acked.push(...child.acked)
      await using opened = openStore(files.file())
      const bodies = await allBodies(opened.store)
      expect(new Set(bodies).size).toBe(bodies.length)
      expect(acked.filter((body) => !bodies.includes(body))).toEqual([])
      expect(pragma(opened.database, 'integrity_check')).toBe('ok')
    }
    expect(acked.length).toBeGreaterThanOrEqual(170)
  })
})
