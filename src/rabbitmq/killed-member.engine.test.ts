import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { brokerUrl, describeOnBroker } from './broker.fixture.ts'
import { openGround, placed, publish, until } from './group.fixture.ts'

const program = join(import.meta.dirname, '../../test/programs/rabbitmq-member.ts')

/** What a member in a process of its own has said. */
interface Said {
  readonly joined?: boolean
  readonly number?: number
  readonly attempt?: number
}

function memberProcess(
  namespace: string,
  member: string,
  deadly = '',
): { readonly child: ChildProcess; readonly said: Said[] } {
  const child = spawn(process.execPath, [program, brokerUrl ?? '', namespace, member, deadly], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said: Said[] = []
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line)))
  return { child, said }
}

describeOnBroker('A member on RabbitMQ that is killed', () => {
  test('is followed by the others, which handle what it left', { timeout: 90_000 }, async () => {
    await using ground = await openGround()
    const { child, said } = memberProcess(ground.namespace, 'killed')
    await until('the process has joined', () => said.some(({ joined }) => joined))
    const seen = new Set<number>()
    const group = ground.bus.group('billing').on(placed, ({ event }) => void seen.add(event.data.number))
    const running = group.run()
    await group.joined()
    await publish(ground, 0, 300)
    await until('the process has events', () => said.some(({ number }) => number !== undefined))
    child.kill('SIGKILL')
    await publish(ground, 300, 1_000)
    const handled = (): ReadonlySet<number> =>
      new Set([...seen, ...said.flatMap(({ number }) => (number === undefined ? [] : [number]))])
    await until('all are handled', () => handled().size === 1_000)
    await group.caughtUp()
    await group.stop()
    await running
  })

  test('by an event, over and over, has that event alone as a dead letter', {
    timeout: 120_000,
  }, async () => {
    await using ground = await openGround()
    const first = memberProcess(ground.namespace, 'one', '42')
    await until('the process has joined', () => first.said.some(({ joined }) => joined))
    await publish(ground, 0, 400)
    const lives = [first]
    for (const endMs = Date.now() + 80_000; (await ground.bus.deadLetters.count()) === 0; ) {
      const { child } = lives.at(-1) ?? first
      if (child.exitCode === null && child.signalCode === null)
        await Promise.race([once(child, 'exit'), new Promise((resolve) => setTimeout(resolve, 1_000))])
      else lives.push(memberProcess(ground.namespace, 'one', '42'))
      if (Date.now() > endMs) throw new Error('There is no dead letter.')
    }
    const { entries } = await ground.bus.deadLetters.list()
    expect(entries.map(({ reason, attempts }) => [reason, attempts])).toEqual([['handler_crashed', 3]])
    const handled = (): ReadonlySet<number> =>
      new Set(
        lives.flatMap(({ said }) => said.flatMap(({ number }) => (number === undefined ? [] : [number]))),
      )
    await until('all the others are handled', () => handled().size === 400)
    expect(lives.length).toBeGreaterThan(2)
  })
})
