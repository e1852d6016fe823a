import { expect, test } from 'vitest'
import { limits } from '../kernel/index.ts'
import { VirtualClock } from '../testing/index.ts'
import { postgres } from './postgres.ts'
import { describeOnServer, disposing, ownSchema } from './server.fixture.ts'

const topic = 'orders'
const noRetention = { ageMs: undefined, bytes: undefined }

function outgoing(id: string, partition = 0) {
  const event = { specversion: '1.0' as const, id, source: '/segments', type: 'placed', data: {} }
  return { topic, partition, event, notBefore: undefined }
}

describeOnServer('The segments of a log in PostgreSQL', () => {
  test('are read across as one, and dropped when nothing of them is kept', async () => {
    await using own = ownSchema()
    const { pool, schema } = own
    const clock = new VirtualClock()
    const engine = await postgres(pool, { schema, clock })
    await using closing = disposing(() => engine.close())
    void closing
    const { admin } = engine
    const publish = async (...ids: readonly string[]): Promise<void> => {
      for (const id of ids) await engine.publish([outgoing(id)], { tx: undefined })
    }
    const offsets = async (from: number): Promise<readonly number[]> =>
      (await admin.read(topic, 0, from, { maxRecords: 10, maxBytes: 1_000_000 })).map(({ offset }) => offset)
    const segments = async (): Promise<readonly number[]> =>
      (await pool.query(`SELECT id FROM ${schema}.segment ORDER BY id`)).rows.map(({ id }) => Number(id))

    // As long ago as the clock of the test says.
    await pool.query(`UPDATE ${schema}.segment SET begun_at = ${clock.now()}`)
    await admin.createTopic({ name: topic, partitions: 2, retention: noRetention })
    await publish('a', 'b')
    await engine.publish([outgoing('other', 1)], { tx: undefined })
    clock.jump(limits.postgresSegmentMs)
    await admin.truncate(topic, 0, 1)
    expect(await segments()).toEqual([1, 2])
    await publish('c', 'd')
    expect(await offsets(0)).toEqual([1, 2, 3])
    expect(await offsets(2)).toEqual([2, 3])

    clock.jump(120_000)
    await admin.truncate(topic, 0, 2)
    // The other partition still keeps a record in the first one.
    expect(await segments()).toEqual([1, 2])
    await admin.truncate(topic, 1, 1)
    expect(await segments()).toEqual([2])
    const { rows } = await pool.query(`SELECT to_regclass('${schema}.record_1') IS NULL AS gone`)
    expect(rows[0]).toEqual({ gone: true })
    await publish('e')
    expect(await offsets(0)).toEqual([2, 3, 4])
    expect((await admin.topics())[0]?.bounds.map(({ begin, end }) => [begin, end])).toEqual([
      [2, 5],
      [1, 1],
    ])
  })

  test('wait for whoever reads the records for long, and for nobody is waited meanwhile', async () => {
    await using own = ownSchema()
    const { pool, schema } = own
    const engine = await postgres(pool, { schema })
    await using closing = disposing(() => engine.close())
    void closing
    await engine.admin.createTopic({ name: topic, partitions: 1, retention: noRetention })
    await engine.publish([outgoing('a')], { tx: undefined })
    await pool.query(`UPDATE ${schema}.segment SET begun_at = 0`)
    await engine.admin.truncate(topic, 0, 1)
    await pool.query(`UPDATE ${schema}.segment SET begun_at = 0`)
    const reader = await pool.connect()
    try {
      await reader.query('BEGIN')
      await reader.query(`SELECT count(*) FROM ${schema}.record`)
      await engine.admin.truncate(topic, 0, 1)
      await engine.publish([outgoing('b')], { tx: undefined })
      const kept = await pool.query(`SELECT to_regclass('${schema}.record_1') IS NOT NULL AS kept`)
      expect(kept.rows[0]).toEqual({ kept: true })
    } finally {
      reader.release(true)
    }
    await expect
      .poll(async () => {
        await engine.admin.truncate(topic, 0, 1)
        return (await pool.query(`SELECT to_regclass('${schema}.record_1') IS NULL AS gone`)).rows[0]
      })
      .toEqual({ gone: true })
  })
})
