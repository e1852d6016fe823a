/** The relay's process, which is killed: from the outbox in PostgreSQL into a log in a SQLite file. */
import { openBus } from '../../src/index.ts'
import { postgresOutbox } from '../../src/postgres/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'
import { catalog } from './gap-catalog.ts'

const [url = '', file = ''] = process.argv.slice(2)
const bus = await openBus({ transport: await sqlite(file), source: '/gaps', catalog })
bus.outbox(postgresOutbox(url))
process.send?.('ready')
