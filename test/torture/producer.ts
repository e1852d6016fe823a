/** Publishes to all keys until it is asked to end: `producer.ts FOLDER NAME LIFE`. */
import { setTimeout } from 'node:timers/promises'
import { openBus } from '../../src/index.ts'
import { catalog, keys, numbered } from './catalog.ts'
import { openHistory } from './history.ts'
import { openLog } from './log.ts'

const [folder = '', name = '', life = '0'] = process.argv.slice(2)
/** A life before this one may have published more than it could tell, but never so many. */
const numbersPerLife = 1_000_000
/** Slow enough that members mostly keep up; where the machine is busy, the producer waits for them. So faults hit what is new. */
const waitMs = 12
const mostBehind = 500
const looksEvery = 25
const lookAgainMs = 100

const tell = openHistory(folder, name)
const bus = await openBus({
  transport: await openLog(folder),
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
  if (published % looksEvery === 0)
    while (!ending.signal.aborted && (await behind()) > mostBehind) await setTimeout(lookAgainMs)
  await setTimeout(waitMs)
}
await Promise.all(unacknowledged)
await bus.close()
process.exit()

/** Events that the groups together have not finished. */
async function behind(): Promise<number> {
  return (await bus.admin.lag()).reduce((sum, { lag }) => sum + lag, 0)
}

function publish(key: string, number: number): void {
  const acked = bus
    .publish(numbered, { key, number }, { id: `${key}/${number}` })
    .then(() => tell({ kind: 'acked', key, number }))
    .finally(() => unacknowledged.delete(acked))
  unacknowledged.add(acked)
}
