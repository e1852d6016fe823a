import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { sqliteDeadLetters } from '../sqlite/index.ts'
import { openGround, placed, publish, until } from './group.fixture.ts'
import { describeOnMoto } from './moto.fixture.ts'

const program = join(import.meta.dirname, '../../test/programs/eventbridge-member.ts')

/** What a member in a process of its own has said. */
interface Said {
  readonly joined?: boolean
  readonly number?: number
  readonly attempt?: number
}

/** A ground whose dead letters other processes write, too. */
async function openSharedGround() {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-eventbridge-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const letters = join(folder, 'letters.db')
  const ground = await openGround({ deadLetters: await sqliteDeadLetters(letters), visibilityMs: 2_000 })
  const start = (deadly = ''): { readonly child: ChildProcess; readonly said: Said[] } => {
    const args = [program, ground.url, ground.namespace, letters, deadly]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const said: Said[] = []
    createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line)))
    return { child, said }
  }
  return { ...ground, start, [Symbol.asyncDispose]: ground[Symbol.asyncDispose] }
}

function numbersIn(said: readonly Said[]): readonly number[] {
  return said.flatMap(({ number }) => (number === undefined ? [] : [number]))
}

describeOnMoto('A member on EventBridge that is killed', () => {
  test('is followed by the others, which handle what it left', { timeout: 180_000 }, async () => {
    await using ground = await openSharedGround()
    const { child, said } = ground.start()
    await until('the process has joined', () => said.some(({ joined }) => joined))
    const seen = new Set<number>()
    const group = ground.bus.group('billing').on(placed, ({ event }) => void seen.add(event.data.number))
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 200)
    await until('the process has events', () => numbersIn(said).length > 0)
    child.kill('SIGKILL')
    await publish(ground, 200, 400)
    await until('all are handled', () => new Set([...seen, ...numbersIn(said)]).size === 400)
    await group.caughtUp()
    expect(await ground.bus.deadLetters.count()).toBe(0)
    await group.stop()
    await running
  })

  test('by an event, over and over, has that event alone as a dead letter', {
    timeout: 180_000,
  }, async () => {
    await using ground = await openSharedGround()
    const first = ground.start('42')
    await until('the process has joined', () => first.said.some(({ joined }) => joined))
    await publish(ground, 0, 200)
    const lives = [first]
    for (const endMs = Date.now() + 150_000; (await ground.bus.deadLetters.count()) === 0; ) {
      const { child } = lives.at(-1) ?? first
      if (child.exitCode === null && child.signalCode === null) await sleep(200)
      else lives.push(ground.start('42'))
      if (Date.now() > endMs) throw new Error('There is no dead letter.')
    }
    const handled = (): ReadonlySet<number> => new Set(lives.flatMap(({ said }) => numbersIn(said)))
    await until('all the others are handled', () => handled().size === 200)
    const { entries } = await ground.bus.deadLetters.list()
    expect(entries.map(({ reason, attempts, event }) => [reason, attempts, event?.type])).toEqual([
      ['handler_crashed', 2, 'com.example.orders.placed'],
    ])
    expect(lives.length).toBeGreaterThan(2)
  })
})
