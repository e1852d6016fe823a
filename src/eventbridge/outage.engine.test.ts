import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sqliteInbox } from '../sqlite/index.ts'
import { CloudProxy } from './cloud-proxy.fixture.ts'
import { openGround, publish, placed, until } from './group.fixture.ts'
import { busUrl, describeOnMoto } from './moto.fixture.ts'

const count = 10_000
const outageMs = 10_000
/** moto is written in Python, and takes about twenty milliseconds for a request. */
const patienceMs = 600_000

describeOnMoto('AWS that does not answer for ten seconds', () => {
  test.each([
    [
      'refusing connections',
      async (proxy: CloudProxy) => {
        await proxy.refuse()
        await sleep(outageMs)
        await proxy.accept()
      },
    ],
    [
      'saying 503',
      async (proxy: CloudProxy) => {
        proxy.answer = () => ({ status: 503, body: { __type: 'ServiceUnavailable', message: 'Later.' } })
        await sleep(outageMs)
        proxy.answer = () => undefined
      },
    ],
  ])('%s, in the middle of 10,000 events, loses none', { timeout: 2 * patienceMs }, async (_, fail) => {
    await using proxy = await CloudProxy.open()
    await using ground = await openGround({ url: busUrl({ endpoint: proxy.url }), deliveryMs: patienceMs })
    const effects = new Set<number>()
    let handled = 0
    const group = ground.bus.group('billing', { inbox: sqliteInbox(':memory:') }).on(placed, ({ event }) => {
      effects.add(event.data.number)
      handled += 1
    })
    const running = group.run()
    await group.joined()
    const publishing = publish(ground, 0, count)
    await until('half is through', () => effects.size >= count / 2, patienceMs)
    await fail(proxy)
    await publishing
    await until('all are through', () => effects.size === count, patienceMs)
    await group.caughtUp()
    // What was published or delivered twice had its effects once.
    expect(handled).toBe(count)
    await group.stop()
    await running
  })
})
