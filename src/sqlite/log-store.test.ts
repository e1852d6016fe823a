import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { limits } from '../kernel/index.ts'
import { emptyGroup, type GroupState, type LogStore, type StoredRecord } from '../log/index.ts'
import { recordChecksum } from './checksum.ts'
import { openDatabase } from './database.ts'
import { recordId } from './record-id.ts'
import { folder, type OpenedStore, openStore } from './sqlite.fixture.ts'

const retention = { ageMs: undefined, bytes: undefined }

async function openOrders(file: string, partitions = 1): Promise<OpenedStore> {
  const opened = openStore(file)
  await opened.store.createTopic({ name: 'orders', partitions, retention })
  return opened
}

function append(store: LogStore, ...texts: readonly string[]): Promise<void> {
  const records = texts.map((body) => ({ topic: 'orders', partition: 0, body, notBefore: undefined }))
  return store.append(records, { tx: undefined })
}

function read(store: LogStore, from = 0, maxRecords = 10_000): Promise<readonly StoredRecord[]> {
  return store.read('orders', 0, from, { maxRecords, maxBytes: 2 ** 40 })
}

async function endOf(store: LogStore): Promise<number | undefined> {
  return (await store.bounds('orders'))[0]?.end
}

async function bodies(store: LogStore): Promise<unknown[]> {
  return (await read(store)).map(({ encoded }) => encoded)
}

test('A heartbeat and a commit are durable within one transaction while 100,000 publishes wait', async () => {
  using files = folder()
  await using opened = await openOrders(files.file())
  const { store } = opened
  const texts = Array.from({ length: limits.publishPendingRecords }, (_, number) => String(number))
  const publishes = Array.from({ length: 100 }, () => append(store, ...texts.splice(0, 1_000)))
  const grant = { topic: 'orders', partition: 0, generation: 1 }
  expect(await store.saveGroup('billing', emptyGroup, 0, [grant])).toBe(true)
  expect(await endOf(store)).toBeLessThanOrEqual(limits.groupCommitRecords)
  const before = (await endOf(store)) ?? 0
  expect(await store.commit('billing', [{ ...grant, offset: 0, state: '' }])).toEqual([true])
  expect(((await endOf(store)) ?? 0) - before).toBeLessThanOrEqual(limits.groupCommitRecords)
  await Promise.all(publishes)
  const all = await read(store, 0, limits.publishPendingRecords)
  expect(all.map(({ encoded }) => Number(encoded))).toEqual(Array.from(all, (_, index) => index))
})

describe('A record that is not what was written', () => {
  const damages = [
    ['body', "UPDATE tidings_record SET body = replace(body, '7', '6') WHERE rowid % 10 = 1"],
    ['place', 'UPDATE tidings_record SET id = id + 64 WHERE rowid % 10 = 1'],
    ['partition', `UPDATE tidings_record SET id = id + ${2 ** 40} WHERE rowid % 10 = 1`],
    ['time', 'UPDATE tidings_record SET appended_at = appended_at + 8 WHERE rowid % 10 = 1'],
    [
      'time, in its high half',
      `UPDATE tidings_record SET appended_at = appended_at + ${2 ** 33} WHERE rowid % 10 = 1`,
    ],
    ['checksum', 'UPDATE tidings_record SET checksum = checksum + 1 WHERE rowid % 10 = 1'],
    ['existence', 'DELETE FROM tidings_record WHERE rowid % 10 = 1'],
  ] as const

  test.each(damages)('in its %s is an error, wherever reading begins', async (_, sql) => {
    using files = folder()
    await using opened = await openOrders(files.file(), 2)
    await append(opened.store, '"a7"', '"b7"', '"c7"')
    const [slot] = opened.database.prepare('SELECT slot FROM tidings_partition').all()
    expect(slot).toEqual({ slot: 0 })
    opened.database.exec(sql)
    for (const from of [0, 1]) {
      await expect(read(opened.store, from)).rejects.toThrow(
        /^record_corrupt: The record at offset 1 of "orders" partition 0/,
      )
    }
    expect((await read(opened.store, 0, 1)).length).toBe(1)
    expect((await read(opened.store, 2, 1)).length).toBe(1)
    expect(
      await opened.store.read('orders', 1, 0, { maxRecords: 9, maxBytes: 99 }).catch((error: Error) => error),
    ).not.toContainEqual(expect.objectContaining({ encoded: '"b7"' }))
  })

  test('is an error when it was the last', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    await append(opened.store, 'a', 'b')
    opened.database.exec('DELETE FROM tidings_record WHERE id = 1')
    await expect(read(opened.store)).rejects.toThrow(/^record_corrupt: The record at offset 1/)
    await expect(read(opened.store, 1)).rejects.toThrow(/^record_corrupt: The record at offset 1/)
    expect(await read(opened.store, 2)).toEqual([])
  })

  test('is found by its checksum whichever single bit of it has changed', () => {
    const at = 1_767_225_600_123
    const body = '{"a":"é"}'
    const checksum = recordChecksum(body, recordId(5, 2 ** 33 + 17), at)
    for (let bit = 0; bit < 53; bit++) {
      const flip = (integer: number): number => Number(BigInt(integer) ^ (1n << BigInt(bit)))
      expect(recordChecksum(body, flip(recordId(5, 2 ** 33 + 17)), at)).not.toBe(checksum)
      expect(recordChecksum(body, recordId(5, 2 ** 33 + 17), flip(at))).not.toBe(checksum)
    }
    for (let index = 0; index < body.length; index++) {
      const changed =
        body.slice(0, index) + String.fromCharCode(body.charCodeAt(index) ^ 1) + body.slice(index + 1)
      expect(recordChecksum(changed, recordId(5, 2 ** 33 + 17), at)).not.toBe(checksum)
    }
  })

  test('is an error or harmless after any flip of a bit in the file, never a wrong or a lost event', async () => {
    using files = folder()
    const written = Array.from({ length: 40 }, (_, number) =>
      JSON.stringify({ number, text: 'x'.repeat(200) }),
    )
    {
      await using opened = await openOrders(files.file())
      await append(opened.store, ...written)
    }
    const intact = readFileSync(files.file())
    let detected = 0
    for (let step = 0; step < 150; step++) {
      const bytes = Buffer.from(intact)
      const at = (step * 7_919 + 13) % bytes.length
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (step % 8))
      const file = files.file(`flipped-${step}.db`)
      writeFileSync(file, bytes)
      const found = await readOrError(file)
      if (found instanceof Error) detected += 1
      else expect(found, `bit ${step % 8} of byte ${at}`).toEqual(written)
    }
    expect(detected).toBeGreaterThan(10)
  })
})

async function readOrError(file: string): Promise<unknown[] | Error> {
  try {
    await using opened = openStore(file)
    const known = (await opened.store.topics()).map(({ name }) => name)
    return known.length === 1 ? await bodies(opened.store) : new Error('The topic is gone.')
  } catch (error) {
    return error as Error
  }
}

describe('A full disk', () => {
  test('refuses what does not fit, loses nothing, is read as before, and works again with space', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    const limitPages = (pages: number): void => opened.database.exec(`PRAGMA max_page_count = ${pages}`)
    limitPages(60)
    const acked: string[] = []
    const fill = async (): Promise<void> => {
      for (let number = 0; ; number++) {
        const body = JSON.stringify({ number, text: 'x'.repeat(2_000) })
        await append(opened.store, body)
        acked.push(body)
      }
    }
    await expect(fill()).rejects.toThrow(/^storage_full: .* Nothing of this write is stored/)
    expect(acked.length).toBeGreaterThan(20)
    expect(await bodies(opened.store)).toEqual(acked)
    limitPages(1_000)
    await append(opened.store, 'again')
    expect((await read(opened.store)).at(-1)).toMatchObject({ offset: acked.length, encoded: 'again' })
  })

  test('refuses all writes that share the commit, and each says so', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    opened.database.exec('PRAGMA max_page_count = 40')
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, () => append(opened.store, 'x'.repeat(4_000))),
    )
    const stored = await read(opened.store)
    expect(stored).toHaveLength(results.filter(({ status }) => status === 'fulfilled').length)
    for (const result of results) {
      if (result.status === 'rejected') expect(String(result.reason)).toContain('storage_full')
    }
  })

  test.skipIf(!canMount())('of the operating system does the same (needs the right to mount)', async () => {
    using files = folder()
    const disk = files.file('disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
    try {
      writeFileSync(`${disk}/ballast`, Buffer.alloc(200_000))
      await using opened = await openOrders(`${disk}/log.db`)
      let acked = 0
      const fill = async (): Promise<void> => {
        for (;;) {
          await append(opened.store, 'x'.repeat(2_000))
          acked += 1
        }
      }
      await expect(fill()).rejects.toThrow(/^storage_full/)
      await expect(append(opened.store, 'x'.repeat(200_000))).rejects.toThrow(/^storage_full/)
      expect(await read(opened.store)).toHaveLength(acked)
      rmSync(`${disk}/ballast`)
      await append(opened.store, 'again')
      expect(await read(opened.store)).toHaveLength(acked + 1)
    } finally {
      execFileSync('umount', [disk])
    }
  })
})

function canMount(): boolean {
  using files = folder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', files.path], { stdio: 'ignore' })
    execFileSync('umount', [files.path])
    return true
  } catch {
    return false
  }
}

describe('A log in a file', () => {
  test('is there after it was closed and opened again', async () => {
    using files = folder()
    {
      await using first = await openOrders(files.file())
      await append(first.store, 'a', 'b')
      await first.store.truncate('orders', 0, 1)
    }
    await using again = openStore(files.file())
    await append(again.store, 'c')
    expect((await read(again.store)).map(({ offset, encoded }) => [offset, encoded])).toEqual([
      [1, 'b'],
      [2, 'c'],
    ])
  })

  test('keeps delayed records until the next process appends them', async () => {
    using files = folder()
    let dueMs = 0
    {
      await using first = await openOrders(files.file())
      dueMs = first.clock.now() + 60_000
      await first.store.append([{ topic: 'orders', partition: 0, body: 'later', notBefore: dueMs }], {
        tx: undefined,
      })
    }
    await using again = openStore(files.file())
    expect(await again.store.appendDue()).toBe(dueMs)
    await again.clock.advance(60_000)
    expect(await again.store.appendDue()).toBeUndefined()
    expect(await read(again.store)).toMatchObject([{ encoded: 'later', appendedAt: dueMs }])
  })

  test('counts offsets beyond 2^31 and slots beyond 1', async () => {
    using files = folder()
    await using opened = await openOrders(files.file(), 3)
    const offset = 2 ** 33 + 5
    opened.database.exec(`UPDATE tidings_partition SET begin_offset = ${offset}, end_offset = ${offset}`)
    const records = [0, 1, 2].map((partition) => ({
      topic: 'orders',
      partition,
      body: `p${partition}`,
      notBefore: undefined,
    }))
    await opened.store.append([...records, ...records], { tx: undefined })
    for (const partition of [0, 1, 2]) {
      const found = await opened.store.read('orders', partition, offset, { maxRecords: 9, maxBytes: 999 })
      expect(found.map((each) => [each.offset, each.encoded])).toEqual([
        [offset, `p${partition}`],
        [offset + 1, `p${partition}`],
      ])
    }
  })

  test('has a bound for all partitions together, and refuses the topic that would pass it', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    for (let number = 0; number < 7; number++) {
      await opened.store.createTopic({
        name: `wide-${number}`,
        partitions: limits.partitionsPerTopic,
        retention,
      })
    }
    await expect(
      opened.store.createTopic({ name: 'last', partitions: limits.partitionsPerTopic, retention }),
    ).rejects.toThrow(/^limit_exceeded: Topic "last" .* 8192 partitions/)
    expect((await opened.store.topics()).map((topic) => topic.name)).not.toContain('last')
    await opened.store.createTopic({ name: 'last', partitions: limits.partitionsPerTopic - 1, retention })
  })

  test('counts every member of an earlier start of the machine as gone', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    const held = { 'orders/0': { topic: 'orders', partition: 0, member: 'one', generation: 7, runNumber: 5 } }
    const state: GroupState = {
      ...emptyGroup,
      members: {
        one: { session: '1', topics: ['orders'], leaseUntilMs: 9e9, leaseMs: 10_000, rewind: 'refused' },
      },
      held,
      generation: 7,
      paused: [{ topic: 'orders' }],
      rewind: 'allowed',
      runNumbers: { 'orders/0': 5 },
    }
    await opened.store.saveGroup('billing', state, 0, [])
    expect((await opened.store.loadGroup('billing')).state).toEqual(state)
    opened.database.exec("UPDATE tidings_group SET boot = 'an earlier one'")
    expect((await opened.store.loadGroup('billing')).state).toEqual({ ...state, members: {}, held: {} })
  })

  test('appends what has come due in steps that each fit into one commit', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    const { store, clock } = opened
    const body = 'x'.repeat(limits.groupCommitBytes / 8)
    const record = { topic: 'orders', partition: 0, body, notBefore: clock.now() + 10 }
    await store.append(Array<typeof record>(20).fill(record), { tx: undefined })
    await clock.advance(10)
    const steps = [await endOf(store)]
    while ((await store.appendDue()) !== undefined) steps.push(await endOf(store))
    expect([...steps, await endOf(store)]).toEqual([0, 8, 16, 20])
    expect(await store.appendDue()).toBeUndefined()
  })

  test('appends a delayed record that is larger than a step alone', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    const { store, clock } = opened
    const body = 'x'.repeat(limits.groupCommitBytes + 1)
    await store.append([{ topic: 'orders', partition: 0, body, notBefore: clock.now() + 10 }], {
      tx: undefined,
    })
    await clock.advance(10)
    expect([await store.appendDue(), await endOf(store)]).toEqual([undefined, 1])
  })

  test.each([
    ['records', limits.groupCommitRecords * 2 + 5, 'x', 3],
    ['bytes', 20, 'x'.repeat(limits.groupCommitBytes / 8), 3],
  ])('is truncated in slices of so many %s, other work in between', async (_, count, text, slices) => {
    using files = folder()
    await using opened = await openOrders(files.file())
    await append(opened.store, ...Array<string>(count).fill(text))
    await append(opened.store, 'kept')
    const own = openDatabase(opened.file)
    const seen = new Set<unknown>()
    const query = own.prepare('SELECT count(*) AS left, begin_offset FROM tidings_record, tidings_partition')
    const look = (): void => {
      const { left, begin_offset } = query.get() ?? {}
      seen.add(begin_offset)
      expect(left).toBe(count + 1 - Number(begin_offset))
    }
    const truncating = new AbortController()
    const truncated = opened.store.truncate('orders', 0, count).then(() => truncating.abort())
    while (!truncating.signal.aborted) {
      look()
      await nextTurn()
    }
    await truncated
    look()
    own.close()
    expect(seen.size).toBe(slices + 1)
    expect(await opened.store.bounds('orders')).toMatchObject([{ begin: count, end: count + 1, bytes: 4 }])
    expect(await bodies(opened.store)).toEqual(['kept'])
  })

  test('takes an append to a topic whose creation it has not awaited', async () => {
    using files = folder()
    await using opened = await openOrders(files.file())
    const created = opened.store.createTopic({ name: 'carts', partitions: 1, retention })
    const appended = opened.store.append(
      [{ topic: 'carts', partition: 0, body: 'a', notBefore: undefined }],
      {
        tx: undefined,
      },
    )
    const missing = opened.store.append([{ topic: 'none', partition: 0, body: 'b', notBefore: undefined }], {
      tx: undefined,
    })
    await expect(missing).rejects.toThrow(/^(topic|partition)_missing/)
    await Promise.all([created, appended, append(opened.store, 'c')])
    expect(await opened.store.read('carts', 0, 0, { maxRecords: 9, maxBytes: 9 })).toMatchObject([
      { encoded: 'a' },
    ])
    expect(await bodies(opened.store)).toEqual(['c'])
  })

  test('says so when the file is damaged while it is open', async () => {
    using files = folder()
    {
      await using first = await openOrders(files.file())
      await append(first.store, ...Array.from({ length: 100 }, () => 'x'.repeat(1_000)))
    }
    const file = openSync(files.file(), 'r+')
    writeSync(file, Buffer.alloc(readFileSync(files.file()).length - 65_536, 0xee), 0, undefined, 65_536)
    closeSync(file)
    await using again = openStore(files.file())
    await expect(read(again.store)).rejects.toThrow(/^(file_corrupt|record_corrupt)/)
  })
})
