import { setTimeout } from 'node:timers/promises'
import { defineCatalog, defineEvent, defineTopic, openBus } from '../../src/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'

/** Handles three events, slowly, one after the other; says when it starts and ends each. */
const [file = '', handlerMs = '200'] = process.argv.slice(2)
const numbered = defineEvent('numbered')
  .version(1, { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'] } as const)
  .subject(() => 'one key')
const catalog = defineCatalog([defineTopic('numbers', { partitions: 1, events: [numbered] })])

await using bus = await openBus({ transport: await sqlite(file), source: '/slow', catalog })
const [topic] = await bus.admin.topics()
if (topic?.bounds[0]?.end === 0) await bus.publishAll([1, 2, 3].map((number) => numbered.create({ number })))
const group = bus.group('slow', { start: 'start', sessionTimeout: '1s' }).on(numbered, async ({ event }) => {
  process.stdout.write(`start ${event.data.number}\n`)
  await setTimeout(Number(handlerMs) / 2)
  process.stdout.write(`middle ${event.data.number}\n`)
  await setTimeout(Number(handlerMs) / 2)
  process.stdout.write(`end ${event.data.number}\n`)
})
await group.run()
process.stdout.write('left\n')
