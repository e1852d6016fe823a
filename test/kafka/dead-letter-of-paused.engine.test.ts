import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { openBus } from '../../src/index.ts'
import { brokerUrl, describeOnBroker } from '../../src/kafka/broker.fixture.ts'
import { until } from '../../src/kafka/group.fixture.ts'
import { kafka } from '../../src/kafka/index.ts'
import { sqliteInbox } from '../../src/sqlite/index.ts'
import { numbered, numbersIn } from '../programs/effect-member.ts'

const program = join(import.meta.dirname, '../programs/kafka-letter-member.ts')

/** A process that is stopped after its group has let it write a dead letter, before the broker has that. */
async function stoppedAtLetter() {
  const namespace = `letters-${randomUUID().slice(0, 8)}`
  const bus = await openBus({
    transport: await kafka(brokerUrl ?? ''),
    namespace,
    source: '/test',
    catalog: numbersIn(1),
    drainOn: false,
    report: () => undefined,
  })
  onTestFinished(() => bus.close())
  await bus.publish(numbered, { key: 'a', number: 1 })
  const child = spawn(process.execPath, [program, brokerUrl ?? '', namespace], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line))
  await until('it is at its letter', () => said.includes('writes'))
  return {
    bus,
    /** Lets the process go on, until its letter is written. */
    letWrite: async (): Promise<void> => {
      child.kill('SIGCONT')
      await until('it has written its letter', () => said.includes('has written'))
    },
    isCommitted: async (): Promise<boolean> => {
      const [lag] = await bus.admin.lag('effects')
      return lag?.lag === 0
    },
  }
}

// Of two attempts the process before had the first.
const options = { start: 'start', member: 'two', sessionTimeout: '6s', retry: { attempts: 2 } } as const

describeOnBroker('A dead letter of a member that was paused past its session', () => {
  test('is one with that of its successor, and the event is not passed twice', {
    timeout: 90_000,
  }, async () => {
    const { bus, letWrite, isCommitted } = await stoppedAtLetter()
    const group = bus.group('effects', options).on(numbered, () => {
      throw new Error('It fails for the successor, too.')
    })
    const running = group.run()
    await until('the successor has committed', isCommitted)
    await letWrite()
    const { entries } = await bus.deadLetters.list()
    expect(entries.map(({ id, state, event }) => [id, state, event?.type])).toEqual([
      ['effects/numbers/0/0', 'dead', 'numbered'],
    ])
    const [lag] = await bus.admin.lag('effects')
    expect(lag).toMatchObject({ committed: 1, lag: 0 })
    await group.stop()
    await running
  })

  test('that its successor has handled is there, and redriving it has no second effect', {
    timeout: 90_000,
  }, async () => {
    const { bus, letWrite, isCommitted } = await stoppedAtLetter()
    const database = new DatabaseSync(':memory:')
    database.exec('CREATE TABLE effect (number)')
    const count = (): unknown => database.prepare('SELECT count(*) AS effects FROM effect').get()
    const group = bus
      .group('effects', { ...options, inbox: sqliteInbox(database) })
      .on(numbered, ({ event, transact }) =>
        transact((tx) => void tx.prepare('INSERT INTO effect VALUES (?)').run(event.data.number)),
      )
    const running = group.run()
    await until('the successor has committed', isCommitted)
    expect([count(), (await bus.deadLetters.list()).entries]).toEqual([{ effects: 1 }, []])
    await letWrite()
    const { entries } = await bus.deadLetters.list()
    expect(entries.map(({ state }) => state)).toEqual(['dead'])
    await bus.deadLetters.request(entries.map(({ id }) => id))
    await until('it is delivered again', async () => {
      const [entry] = (await bus.deadLetters.list()).entries
      return entry?.state === 'handled'
    })
    expect(count()).toEqual({ effects: 1 })
    await group.stop()
    await running
  })
})
