/** One member of every group, until it is asked to end: `member.ts FOLDER NAME`. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { constant, openBus } from '../../src/index.ts'
import type { Engine } from '../../src/bus/index.ts'
import { sqliteInbox } from '../../src/sqlite/index.ts'
import { attempts, catalog, groups, holdingGroup, inboxFile, numbered, sessionTimeoutMs } from './catalog.ts'
import { conductOf, isMended, stumbles } from './conduct.ts'
import { createEffects, effectInbox } from './effects.ts'
import { type Handling, openHistory } from './history.ts'
import { openLog } from './log.ts'
import { isPausePlace, type PausePlace } from './pause-place.ts'

const [folder = '', name = ''] = process.argv.slice(2)
/** The longest that a handler takes: mostly, and where commits and handovers shall come while it is at work. */
const shortMs = 15
const longMs = 500
const tell = openHistory(folder, name)

process.once('disconnect', () => process.exit(1)) // Whoever started this is gone.
let pauseAt: PausePlace | undefined
process.on('message', (place) => {
  if (isPausePlace(place)) pauseAt = place
})

/** Stops this process here, if that is where it was asked to. */
function passing(place: PausePlace): void {
  if (pauseAt !== place) return
  pauseAt = undefined
  tell({ kind: 'paused', target: name })
  process.kill(process.pid, 'SIGSTOP')
}

/** Lets a commit that is on its way be stopped before it reaches the file. */
function stoppable(engine: Engine): Engine {
  const subscribe = engine.subscribe.bind(engine)
  engine.subscribe = async (request) => {
    const subscription = await subscribe(request)
    const commit = subscription.commit.bind(subscription)
    subscription.commit = (progress) => {
      const committed = commit(progress)
      passing('commit')
      return committed
    }
    return subscription
  }
  return engine
}

/** Does with an event what is in its nature; fulfils when it may be handled. */
async function endure(handling: Handling, attempt: number): Promise<void> {
  const conduct = isMended(folder, handling) ? 'handled' : conductOf(handling)
  const takesLong = conduct === 'kills' || conduct === 'lingers'
  await setTimeout(Math.random() * (takesLong ? longMs : shortMs))
  passing('handler')
  if (conduct === 'kills') {
    tell({ kind: 'killed', target: name })
    process.kill(process.pid, 'SIGKILL')
  }
  if (conduct === 'fails' || (conduct === 'stumbles' && attempt <= stumbles)) throw new Error(conduct)
}

const database = new DatabaseSync(inboxFile(folder), { timeout: 5_000 })
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
createEffects(database)
database.exec('PRAGMA busy_timeout = 0') // From here on a wait in SQLite would stop the event loop, and end the lease.
const inbox = effectInbox(sqliteInbox(database))
const transport = stoppable(await openLog(folder))
const bus = await openBus({ transport, source: '/torture', catalog })

const running = groups.map((group) =>
  bus
    .group(group, {
      start: 'start',
      retry: { attempts, backoff: constant('10ms') },
      afterDeadLetter: group === holdingGroup ? 'hold' : 'continue',
      inbox,
      member: name,
      sessionTimeout: sessionTimeoutMs,
    })
    .on(numbered, async ({ event, partition, offset, attempt, transact }) => {
      const { key, number } = event.data
      const handling = { group, key, number }
      tell({ kind: 'started', ...handling, attempt })
      try {
        await endure(handling, attempt)
        await transact({ ...handling, partition, offset }, () => passing('transaction'))
      } finally {
        tell({ kind: 'ended', ...handling })
      }
    })
    .run(),
)
await Promise.all(running)
await bus.close()
process.exit()
