import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { defineCatalog, defineEvent, defineTopic, openBus } from '../src/index.ts'
import { sqlite } from '../src/sqlite/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidings-blocked-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Two members, of which the first blocks its event loop with event 1 and holds event 2; leases last a second. */
async function twoMembers(name: string, blocksMs: number, blockedMs: number): Promise<Members> {
  const children: ChildProcess[] = []
  const [file, output] = [join(folder, `${name}.db`), join(folder, `${name}.txt`)]
  const start = (member: string): ChildProcess => {
    const program = join(import.meta.dirname, 'programs/blocking-consumer.ts')
    const args = [program, file, output, member, String(blocksMs), String(blockedMs)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    children.push(child)
    return child
  }
  const lines = (): string[] => (existsSync(output) ? readFileSync(output, 'utf8').trim().split('\n') : [])
  const until = async (line: string): Promise<void> => {
    while (!lines().includes(line)) await setTimeout(5)
  }
  const one = start('one')
  await until('one joined')
  start('two')
  await until('two joined')
  await using bus = await openBus({ transport: await sqlite(file), source: '/test', catalog, drainOn: false })
  await bus.publishAll([1, 2].map((number) => numbered.create({ number })))
  await until('one begins 1 attempt 1')
  return {
    one,
    until,
    events: () => lines().filter((line) => !line.endsWith('joined')),
    [Symbol.dispose]() {
      for (const child of children) child.kill('SIGKILL')
    },
  }
}

interface Members extends Disposable {
  readonly one: ChildProcess
  readonly until: (line: string) => Promise<void>
  readonly events: () => string[]
}

const numbered = defineEvent('numbered')
  .version(1, { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'] } as const)
  .subject(() => 'one key')
const catalog = defineCatalog([defineTopic('numbers', { partitions: 1, events: [numbered] })])

test.concurrent('A member that blocks its event loop for longer than its session keeps its partitions', async () => {
  using members = await twoMembers('blocked', 3_000, 60_000)
  await members.until('one ends 2')
  expect(members.events()).toEqual([
    'one begins 1 attempt 1',
    'one ends 1',
    'one begins 2 attempt 1',
    'one ends 2',
  ])
})

test.concurrent('A member that hangs for longer than the bound loses them, and begins nothing of them when it comes back', async () => {
  using members = await twoMembers('hung', 6_000, 1_500)
  await members.until('two ends 2')
  await members.until('one ends 1')
  await setTimeout(500)
  expect(members.events()).toEqual([
    'one begins 1 attempt 1',
    'two begins 1 attempt 2',
    'two ends 1',
    'two begins 2 attempt 2',
    'two ends 2',
    'one ends 1',
  ])
})

test.concurrent('A member that is stopped loses them, whatever it was at', async () => {
  using members = await twoMembers('stopped', 3_000, 60_000)
  members.one.kill('SIGSTOP')
  await members.until('two ends 2')
  members.one.kill('SIGCONT')
  await members.until('one ends 1')
  await setTimeout(500)
  expect(members.events().filter((line) => line.startsWith('one'))).toEqual([
    'one begins 1 attempt 1',
    'one ends 1',
  ])
})

test.concurrent('The thread that keeps leases neither keeps the process alive nor outlives the engine', async () => {
  const program = `
    import { defineCatalog, openBus } from ${JSON.stringify(join(import.meta.dirname, '../src/index.ts'))}
    import { sqlite } from ${JSON.stringify(join(import.meta.dirname, '../src/sqlite/index.ts'))}
    const engine = await sqlite(${JSON.stringify(join(folder, 'ends.db'))})
    const request = { group: 'g', member: 'm', topics: [], start: 'end', fetch: { maxRecords: 1, maxBytes: 1 } }
    const subscription = await engine.subscribe({ ...request, sessionTimeoutMs: 1000, heartbeatEveryMs: 300, blockedMs: 60000 })
    if (process.argv[1] === 'close') await engine.close()
    else await subscription.close()
    process.stdout.write('done')
  `
  for (const way of ['close', 'leave']) {
    const args = ['--input-type=module-typescript', '--eval', program, way]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    expect(await once(child, 'close')).toEqual([0, null])
  }
})
