import type { Engine } from '../bus/index.ts'
import { type DeadLetter, type DeadLetterState, deadLetterId } from '../dead-letter/index.ts'
import { created, joinGroup, type Shell } from './cli.fixture.ts'

export function letter(group: string, offset: number, state: DeadLetterState): DeadLetter {
  return {
    id: deadLetterId(group, { topic: 'orders', partition: 1, offset }),
    group,
    topic: 'orders',
    partition: 1,
    offset,
    appendedAt: 1_700_000_000_000,
    state,
    reason: 'handler_failed',
    message: 'Error: no such customer',
    stack: 'Error: no such customer\n\tat charge (billing.ts:7:1)',
    attempts: 5,
    event: { type: 'com.example.orders.created', source: '/elsewhere', id: String(offset) },
    key: `orders/${offset}`,
    encoded: created(String(offset)),
    failedAt: 1_700_000_001_000,
    nextAttemptAt: undefined,
  }
}

/** Writes dead letters as members of their groups do. */
export async function putLetters(shell: Shell, entries: readonly DeadLetter[]): Promise<void> {
  // Creates the file and the topics of the catalog.
  await shell.bus(async () => undefined)
  await shell.engine(async (engine) => {
    for (const entry of entries) await putLetter(engine, entry)
  })
}

async function putLetter(engine: Engine, entry: DeadLetter): Promise<void> {
  const { group, topic, partition } = entry
  const subscription = await joinGroup(engine, group)
  const { generation = 0 } = subscription.assigned.find((each) => each.partition === partition) ?? {}
  await engine.deadLetters.put({ group, topic, partition, generation }, [entry])
  await subscription.close()
}
