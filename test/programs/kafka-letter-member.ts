/**
 * A member on Kafka whose handler fails every event at once. When its first dead letter is on its way, and its group was asked
 * whether it may write it, it stops itself; once it goes on, it writes the letter all the same: `URL NAMESPACE`.
 */
import { writeSync } from 'node:fs'
import { connect, openBus } from '../../src/index.ts'
import { requests } from '../../src/kafka/requests.ts'
import { numbered, numbersIn } from './effect-member.ts'

const [url = '', namespace = ''] = process.argv.slice(2)
const say = (words: string): void => void writeSync(1, `${words}\n`)

const produce = requests.produce.async
requests.produce.async = async (...args) => {
  const [, , , messages] = args
  if (!messages.some(({ topic }) => topic.endsWith('.dead-letter'))) return produce(...args)
  say('writes')
  process.kill(process.pid, 'SIGSTOP')
  const answer = await produce(...args)
  say('has written')
  return answer
}

await using bus = await openBus({
  transport: await connect(url),
  namespace,
  source: '/one',
  catalog: numbersIn(1),
  report: () => undefined,
})
const group = bus
  .group('effects', { start: 'start', member: 'one', sessionTimeout: '6s', retry: { attempts: 1 } })
  .on(numbered, () => {
    throw new Error('It always fails here.')
  })
const running = group.run()
await group.joined()
say('joined')
await running
