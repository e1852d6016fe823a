/**
 * A member of a group on EventBridge, in a process of its own: it says as lines of JSON what it handles, and ends itself with
 * SIGKILL in the middle of the event with the number that is given, if one is.
 */
import { constant } from '../../src/kernel/index.ts'
import { openGround, placed } from '../../src/eventbridge/group.fixture.ts'
import { sqliteDeadLetters } from '../../src/sqlite/index.ts'

const [url = '', namespace = '', letters = '', deadly = ''] = process.argv.slice(2)
const deadLetters = await sqliteDeadLetters(letters)
const { bus } = await openGround({ url, namespace, deadLetters, visibilityMs: 2_000 })
const retry = { attempts: 2, backoff: constant(50) }
const group = bus.group('billing', { retry }).on(placed, ({ event, attempt }) => {
  const { number } = event.data
  process.stdout.write(`${JSON.stringify({ number, attempt })}\n`)
  if (String(number) === deadly) process.kill(process.pid, 'SIGKILL')
})
const running = group.run()
await group.joined()
process.stdout.write(`${JSON.stringify({ joined: true })}\n`)
await running
