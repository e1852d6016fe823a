/**
 * A member of a Kafka group that commits nothing by itself: `commit` on its standard input commits offset 1 of the first
 * partition that it was given. It says as lines of JSON what happens, and what the broker answered to each commit.
 */
import { createInterface } from 'node:readline'
import { kafka } from '../../src/kafka/index.ts'
import { requests } from '../../src/kafka/requests.ts'
import type { Assignment } from '../../src/log/index.ts'

const [url = '', group = '', topic = '', groupProtocol = ''] = process.argv.slice(2)
const say = (fact: unknown): void => void process.stdout.write(`${JSON.stringify(fact)}\n`)

const commit = requests.offsetCommit.async
requests.offsetCommit.async = async (...args) => {
  const [, , epoch, memberId] = args
  try {
    const answer = await commit(...args)
    say({ asked: { epoch, memberId }, codes: codesOf(answer.topics) })
    return answer
  } catch (error) {
    const { response } = error as { response?: Awaited<ReturnType<typeof commit>> }
    say({ asked: { epoch, memberId }, codes: codesOf(response?.topics ?? []) })
    throw error
  }
}

const engine = await kafka(url, { groupProtocol: groupProtocol === 'consumer' ? 'consumer' : 'classic' })
const subscription = await engine.subscribe({
  group,
  member: 'in-a-process',
  topics: [topic],
  start: 'start',
  rewind: 'allowed',
  sessionTimeoutMs: 6_000,
  heartbeatEveryMs: 500,
  blockedMs: 60_000,
  fetch: { maxRecords: 100, maxBytes: 1_000_000 },
})
let first: Assignment | undefined
createInterface({ input: process.stdin }).on('line', () => void commitFirst())

for await (const { assignment, records } of subscription) {
  if (first === undefined) {
    first = assignment
    assignment.revoked.addEventListener('abort', () => say({ revoked: true }))
  }
  if (records.length > 0)
    say({ seen: records.map(({ offset }) => offset), generation: assignment.generation })
}

async function commitFirst(): Promise<void> {
  if (first === undefined) return
  const refused = await subscription.commit([{ assignment: first, offset: 1, state: 'old' }])
  say({ refused: refused.length, revoked: first.revoked.aborted, held: first.isHeld() })
}

function codesOf(
  topics: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[],
): number[] {
  return topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
}
