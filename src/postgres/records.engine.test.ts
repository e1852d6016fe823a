import { expect, test } from 'vitest'
import { decodeEvent } from '../event/index.ts'
import { postgres } from './postgres.ts'
import { describeOnServer, disposing, ownSchema } from './server.fixture.ts'

const topic = 'orders'
const settings = { name: topic, partitions: 1, retention: { ageMs: undefined, bytes: undefined } }

async function openFive() {
  const own = ownSchema()
  const engine = await postgres(own.pool, { schema: own.schema })
  await engine.admin.createTopic(settings)
  const publish = (data: readonly object[]): Promise<void> => {
    const records = data.map((each, index) => {
      const event = {
        specversion: '1.0' as const,
        id: String(index),
        source: '/records',
        type: 'placed',
        data: each,
      }
      return { topic, partition: 0, event, notBefore: undefined }
    })
    return engine.publish(records, { tx: undefined })
  }
  const records = (from: number, maxRecords = 10, maxBytes = 1_000_000) =>
    engine.admin.read(topic, 0, from, { maxRecords, maxBytes })
  await publish([{}, {}, {}, {}, {}])
  const closing = disposing(
    () => engine.close(),
    () => own[Symbol.asyncDispose](),
  )
  return {
    run: (change: string) => own.pool.query(`SET search_path TO ${own.schema}; ${change}`),
    publish,
    records,
    read: async (...page: Parameters<typeof records>) => (await records(...page)).map(({ offset }) => offset),
    ...closing,
  }
}

describeOnServer('Records in PostgreSQL', () => {
  test.each([
    ['changed', "UPDATE record SET body = replace(body, 'placed', 'lost') WHERE record_offset = 2", 2],
    ['deleted', 'DELETE FROM record WHERE record_offset = 1', 1],
    ['deleted, the last too,', 'DELETE FROM record WHERE record_offset > 2', 3],
    ['given another offset', 'UPDATE record SET record_offset = 9 WHERE record_offset = 4', 4],
  ])('that somebody has %s are missed, by their offset', async (_, change, offset) => {
    await using log = await openFive()
    await log.run(change)
    await expect(log.read(0)).rejects.toThrow(new RegExp(`^record_corrupt: The record at offset ${offset} `))
  })

  test('are missed where a page begins, and not where it ends before them', async () => {
    await using log = await openFive()
    await log.run('DELETE FROM record WHERE record_offset = 3')
    expect(await log.read(0, 3)).toEqual([0, 1, 2])
    expect(await log.read(2, 10, 1)).toEqual([2])
    await expect(log.read(3)).rejects.toThrow('record_corrupt')
  })

  test('keep every character that a text may have', async () => {
    await using log = await openFive()
    const texts = ['\u{1E}', 'a\u{1E}"b"\n\\c', '\u{0}\u{1F600}']
    await log.publish(texts.map((text) => ({ text })))
    const stored = await log.records(5)
    expect(stored.map(({ encoded }) => decodeEvent(encoded).data)).toEqual(texts.map((text) => ({ text })))
  })

  test('without the row of their partition are not taken for none', async () => {
    await using log = await openFive()
    await log.run('DELETE FROM topic_partition')
    await expect(log.read(0)).rejects.toMatchObject({ code: 'tables_missing' })
  })
})
