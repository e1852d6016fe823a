import { setTimeout } from 'node:timers/promises'
import { constant, defineCatalog, defineEvent, defineTopic, openBus } from '../../src/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'

/**
 * Handles ten events of ten keys; the fifth ends the process, as a crash in native code would, after another event was
 * published and a commit was made. Ends when caught up.
 */
const [file = ''] = process.argv.slice(2)
const schema = { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'] } as const
const numbered = defineEvent('numbered')
  .version(1, schema)
  .subject((data) => `key ${data.number}`)
const catalog = defineCatalog([defineTopic('numbers', { partitions: 1, events: [numbered] })])

await using bus = await openBus({ transport: await sqlite(file), source: '/crashing', catalog })
const [topic] = await bus.admin.topics()
const numbers = Array.from({ length: 10 }, (_, number) => number)
if (topic?.bounds[0]?.end === 0) await bus.publishAll(numbers.map((number) => numbered.create({ number })))
const options = { start: 'start', member: 'one', retry: { attempts: 3, backoff: constant('10ms') } } as const
const group = bus.group('crashing', options).on(numbered, async ({ event, attempt }) => {
  process.stdout.write(`${event.data.number} attempt ${attempt}\n`)
  if (event.data.number === 4) {
    await bus.publish(numbered, { number: 10 })
    await setTimeout(100) // Several times as long as what is read meanwhile waits for its commit.
    process.kill(process.pid, 'SIGKILL')
  }
  await setTimeout(5)
  process.stdout.write(`${event.data.number} done\n`)
})
await group.caughtUp()
const { entries } = await bus.deadLetters.list({}, { limit: 10 })
for (const { reason, attempts, offset } of entries) process.stdout.write(`${offset} ${reason} ${attempts}\n`)
