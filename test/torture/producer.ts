/** Publishes to all keys until it is asked to end: `producer.ts FOLDER NAME LIFE`. */
import { setTimeout } from 'node:timers/promises'
import { openBus } from '../../src/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'
import { catalog, keys, logFile, numbered } from './catalog.ts'
import { openHistory } from './history.ts'

const [folder = '', name = '', life = '0'] = process.argv.slice(2)
/** A life before this one may have published more than it could tell, but never so many. */
const numbersPerLife = 1_000_000
/** Slow enough that members keep up between two faults: then a fault hits what is new. */
const waitMs = 12

const tell = openHistory(folder, name)
const bus = await openBus({
  transport: await sqlite(logFile(folder)),
  source: '/torture',
  catalog,
  drainOn: false,
})
process.once('disconnect', () => process.exit(1)) // Whoever started this is gone.
const ending = new AbortController()
process.once('SIGTERM', () => ending.abort())
const unacknowledged = new Set<Promise<void>>()
let published = 0
while (!ending.signal.aborted) {
  publish(keys[published % keys.length] ?? '', Number(life) * numbersPerLife + published)
  published += 1
  await setTimeout(waitMs)
}
await Promise.all(unacknowledged)
await bus.close()
process.exit()

function publish(key: string, number: number): void {
  const acked = bus
    .publish(numbered, { key, number }, { id: `${key}/${number}` })
    .then(() => tell({ kind: 'acked', key, number }))
    .finally(() => unacknowledged.delete(acked))
  unacknowledged.add(acked)
}
