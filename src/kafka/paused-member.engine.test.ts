import { spawn } from 'node:child_process'
import { join as path } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { brokerUrl, describeOnBroker } from './broker.fixture.ts'
import { broker } from './broker-errors.ts'
import { type Ground, ground, join, publish, until } from './group.fixture.ts'

const program = path(import.meta.dirname, '../../test/programs/kafka-member.ts')

/** What a member in a process of its own has said. */
interface Said {
  readonly seen?: readonly number[]
  readonly codes?: readonly number[]
  readonly asked?: { readonly epoch: number }
  readonly refused?: number
  readonly revoked?: boolean
}

function memberProcess({ topic, group }: Ground, protocol: string) {
  const child = spawn(process.execPath, [program, brokerUrl ?? '', group, topic, protocol], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said: Said[] = []
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line)))
  return { child, said }
}

describeOnBroker('A member that is paused past its session', () => {
  test('has its commit refused by the broker, which keeps what its successor has committed', {
    timeout: 90_000,
  }, async () => {
    await using on = await ground({ partitions: 1 })
    await publish(on, ['a', 'b', 'c'], 1)
    const { child, said } = memberProcess(on, 'classic')
    await until('the process has its records', () => said.some(({ seen }) => seen?.length === 3))
    child.kill('SIGSTOP')
    const successor = await join(on, 'successor')
    await until('the successor has read', () => successor.records.length === 3)
    await until('the successor has committed', async () => {
      const [lag] = await on.engine.admin.lag(on.group)
      return lag?.committed === 3
    })
    child.kill('SIGCONT')
    child.stdin.write('commit\n')
    await until('the process has its answer', () => said.some(({ refused }) => refused !== undefined))
    const codes = said.flatMap((each) => each.codes ?? [])
    // The first is of its start offsets; the other is of its place, after it was lost.
    expect(codes.slice(-1)).toEqual([broker.unknownMember])
    expect(said.find(({ refused }) => refused !== undefined)).toMatchObject({ refused: 1, revoked: true })
    const [lag] = await on.engine.admin.lag(on.group)
    expect(lag?.committed).toBe(3)
    expect(successor.owned).toEqual([`${on.topic}/0`])
  })
})
