import { expect, onTestFinished, test, vi } from 'vitest'
import { limits } from '../kernel/index.ts'
import { describeOnBroker } from './broker.fixture.ts'
import { ground, ids, join, publish, until } from './group.fixture.ts'
import { requests } from './requests.ts'

/** Of an answer to a member of these tests; topics of our own are read in other sizes. */
const answerBytes = 900_000

/** What members ask for from now on: how long a request waits, and how many partitions it names. */
function watchRequests(): () => readonly { readonly waitMs: number; readonly partitions: number }[] {
  const fetches = vi.spyOn(requests.fetch, 'async')
  onTestFinished(() => fetches.mockRestore())
  return () =>
    fetches.mock.calls
      .filter(([, , , maxBytes]) => maxBytes === answerBytes)
      .map(([, waitMs, , , , , , topics]) => {
        return { waitMs, partitions: topics.flatMap(({ partitions }) => partitions).length }
      })
}

const fetch = { maxRecords: 50, maxBytes: answerBytes }

describeOnBroker('What a member reads of Kafka', () => {
  test('is waited for at the broker for long only by a request for all of it: none is held up by one that has nothing', async () => {
    await using on = await ground()
    // Of one partition there is more than a share; the others have nothing.
    const text = 'x'.repeat(900)
    for (let from = 0; from < 2_000; from += 500) {
      await publish(
        on,
        ids(from, from + 500).map((id) => `${id} ${text}`),
        1,
      )
    }
    const asked = watchRequests()
    const member = await join(on, 'one', { fetch })
    await until('all is read', () => member.records.length === 2_000)
    await until('nothing more is there', () => asked().at(-1)?.waitMs === limits.kafkaFetchWaitMs)
    const long = asked().filter(({ waitMs }) => waitMs === limits.kafkaFetchWaitMs)
    expect(asked().length).toBeGreaterThan(long.length)
    expect(long.every(({ partitions }) => partitions === 4)).toBe(true)
  })

  test('is read ahead in order, each record once, also where it is paused and resumed', async () => {
    await using on = await ground({ partitions: 1 })
    await publish(on, ids(0, 1_000), 1)
    const member = await join(on, 'one', { fetch })
    await until('it has begun', () => member.records.length > 0)
    const [assignment] = member.subscription.assigned
    if (assignment === undefined) throw new Error('It has the partition.')
    while (member.records.length < 1_000) {
      const before = member.records.length
      member.subscription.pause(assignment)
      member.subscription.resume(assignment)
      await until('it goes on', () => member.records.length > before)
    }
    expect(member.seen).toEqual(ids(0, 1_000))
  })

  test('comes at once to a partition that is assigned while the others have nothing', async () => {
    await using on = await ground({ groupProtocol: 'classic' })
    const one = await join(on, 'one', { fetch })
    const two = await join(on, 'two', { fetch })
    await until('it is divided', () => one.owned.length === 2 && two.owned.length === 2)
    const asked = watchRequests()
    await publish(on, ids(0, 4))
    await two.subscription.close()
    await until('all is read', () => new Set([...one.seen, ...two.seen]).size === 4)
    await until('one request is for all', () => asked().at(-1)?.partitions === 4)
  })
})
