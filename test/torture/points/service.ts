/**
 * A service with orders, an outbox, its relay and two groups in one process, which dies where it is told to:
 * `service.ts '{"folder":…,"name":…,"life":1,"keeping":"sqlite","strike":…}'`.
 */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { constant, openBus } from '../../../src/index.ts'
import type { CallerTransaction } from '../../../src/kernel/index.ts'
import { sqlite } from '../../../src/sqlite/index.ts'
import { openHistory } from '../history.ts'
import { catalog, groups, keys, logName, placed } from './catalog.ts'
import { addEngineSteps, withInboxSteps, withOutboxSteps } from './decorate.ts'
import type { Kept } from './kept.ts'
import { keptInPostgres } from './kept-postgres.ts'
import { keptInSqlite } from './kept-sqlite.ts'
import { statementPoints } from './list.ts'
import type { Life } from './life.ts'
import { Striker } from './strike.ts'
import { tapStatements } from './tap.ts'

const life = JSON.parse(process.argv[2] ?? '') as Life
const { folder, name, keeping, url = '', schema = '', strike } = life
const numbersPerLife = 1_000_000
const waitMs = 3
/** So that a dead process' right to relay is over when its heir has started. */
const leaseMs = 250
/** An event that is in hand when its process dies counts as tried: here that happens again and again. */
const attempts = 1_000_000

process.once('disconnect', () => process.exit(1)) // Whoever started this is gone.
const tell = openHistory(folder, name)
const striker = new Striker(strike, ({ point, phase }) => tell({ kind: 'struck', point, phase }))
tapStatements(statementPoints[keeping], striker)
if (keeping === 'sqlite') await live(await keptInSqlite(folder))
else await live(await keptInPostgres(url, schema))
process.exit()

async function live<T extends CallerTransaction>(kept: Kept<T>): Promise<void> {
  const engine = await sqlite(join(folder, logName))
  addEngineSteps(engine, striker)
  const bus = await openBus({ transport: engine, source: '/orders', catalog, drainOn: false })
  const outbox = bus.outbox<T>(withOutboxSteps(kept.outbox, striker), { lease: leaseMs })
  const inbox = withInboxSteps(kept.inbox, striker)
  const running = groups.map((group) => {
    const member = bus
      .group(group, {
        start: 'start',
        inbox,
        member: 'member',
        retry: { attempts, backoff: constant('10ms') },
      })
      .on(placed, ({ event, partition, offset, attempt, transact }) => {
        const handling = { group, ...event.data }
        return striker.step('handle', async () => {
          tell({ kind: 'started', ...handling, attempt })
          try {
            await transact({ ...handling, partition, offset }, () => undefined)
          } finally {
            tell({ kind: 'ended', ...handling })
          }
        })
      })
    void member.run()
    return member
  })
  for (let count = 0; count < life.orders; count++) {
    const order = { key: keys[count % keys.length] ?? '', number: life.life * numbersPerLife + count }
    // What is rolled back must not be heard of.
    const end = count % 5 === 4 ? 'rollback' : 'commit'
    await kept.order(order, end, (tx) => outbox.publish(tx, placed, order))
    await setTimeout(waitMs)
  }
  while ((await kept.outbox.figures()).pending > 0) await setTimeout(waitMs)
  for (const member of running) await member.caughtUp()
  await bus.close()
  await kept.close()
}
