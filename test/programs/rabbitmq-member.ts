/**
 * A member of a group on RabbitMQ, in a process of its own: it says as lines of JSON what it handles, and ends itself with
 * SIGKILL in the middle of the event with the number that is given, if one is.
 */
import { openGround, placed } from '../../src/rabbitmq/group.fixture.ts'

const [url = '', namespace = '', member = '', deadly = ''] = process.argv.slice(2)
const { bus } = await openGround({ url, namespace })
const group = bus.group('billing', { member, retry: { attempts: 3 } }).on(placed, ({ event, attempt }) => {
  const { number } = event.data
  process.stdout.write(`${JSON.stringify({ number, attempt })}\n`)
  if (String(number) === deadly) process.kill(process.pid, 'SIGKILL')
})
const running = group.run()
await group.joined()
process.stdout.write(`${JSON.stringify({ joined: true })}\n`)
await running
