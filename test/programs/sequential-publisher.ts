/** Publishes COUNT events, each when the one before is acknowledged: `sequential-publisher.ts FILE COUNT [SYNCHRONOUS]`. */
import { defineCatalog, defineEvent, defineTopic, openBus } from '../../src/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'

const [file = '', count = '0', synchronous] = process.argv.slice(2)
const numbered = defineEvent('numbered').version(1, { type: 'object' } as const)
const catalog = defineCatalog([defineTopic('numbers', { partitions: 1, events: [numbered] })])

const engine = await sqlite(file)
// As somebody might do behind our back, after what the connection says was read back.
if (synchronous !== undefined) engine.database.exec(`PRAGMA synchronous = ${synchronous}`)
await using bus = await openBus({ transport: engine, source: '/syncs', catalog })
for (let number = 0; number < Number(count); number++) await bus.publish(numbered, { number })
