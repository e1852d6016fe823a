import { describe, expect, test } from 'vitest'
import { limits } from '../kernel/index.ts'
import { settle } from '../testing/index.ts'
import { openDatabase, pragma } from './database.ts'
import { commitsIn, folder, type OpenedStore, openStore } from './sqlite.fixture.ts'

async function commitsOf({ file }: OpenedStore, action: () => Promise<unknown>): Promise<number> {
  const before = commitsIn(file)
  await action()
  return commitsIn(file) - before
}

function openWithTable(
  file: string,
): OpenedStore & { readonly texts: () => string[]; readonly insert: (text: string) => void } {
  const opened = openStore(file)
  opened.database.exec('CREATE TABLE note (text TEXT PRIMARY KEY) STRICT')
  return {
    ...opened,
    texts: () =>
      opened.database
        .prepare('SELECT text FROM note ORDER BY rowid')
        .all()
        .map((row) => String(row['text'])),
    insert: (text) => void opened.database.prepare('INSERT INTO note VALUES (?)').run(text),
  }
}

describe('Writes', () => {
  test('of one turn of the event loop share one commit', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const { writer, insert, texts } = opened
    const numbers = Array.from({ length: 50 }, (_, number) => String(number))
    const commits = await commitsOf(opened, () =>
      Promise.all(numbers.map((number) => writer.write(() => insert(number)))),
    )
    expect([commits, texts()]).toEqual([1, numbers])
  })

  test('of two turns do not', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const commits = await commitsOf(opened, async () => {
      await opened.writer.write(() => opened.insert('a'))
      await opened.writer.write(() => opened.insert('b'))
    })
    expect(commits).toBe(2)
  })

  test('share a commit only up to a number of records, and of bytes', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const three = (size: { records: number; bytes: number }): Promise<unknown> =>
      Promise.all(
        [1, 2, 3].map((number) =>
          opened.writer.write(() => opened.insert(JSON.stringify([size, number])), size),
        ),
      )
    expect(await commitsOf(opened, () => three({ records: limits.groupCommitRecords / 2, bytes: 0 }))).toBe(2)
    expect(await commitsOf(opened, () => three({ records: 1, bytes: limits.groupCommitBytes }))).toBe(3)
    expect(await commitsOf(opened, () => three({ records: 1, bytes: limits.groupCommitBytes * 2 }))).toBe(3)
  })

  test('fail alone: what shares the commit is written', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const { writer, insert, texts } = opened
    const failure = new Error('no')
    const commits = await commitsOf(opened, async () => {
      const results = await Promise.allSettled([
        writer.write(() => insert('a')),
        writer.write(() => {
          insert('half')
          throw failure
        }),
        writer.write(() => insert('a')),
        writer.write(() => insert('b')),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
      expect(results[1]).toMatchObject({ reason: failure })
    })
    expect([commits, texts()]).toEqual([1, ['a', 'b']])
  })

  test('fulfil with their result, and reject with what they throw, alone in a commit too', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    expect(await opened.writer.write(() => 42)).toBe(42)
    const failed = opened.writer.write(() => {
      opened.insert('half')
      throw new RangeError('no')
    })
    await expect(failed).rejects.toThrow(RangeError)
    expect(opened.texts()).toEqual([])
  })

  test('are all refused when one of them ends the transaction they share', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const { writer, insert, texts, database } = opened
    const results = await Promise.allSettled([
      writer.write(() => insert('a')),
      writer.write(() => database.exec('ROLLBACK')),
      writer.write(() => insert('b')),
    ])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(texts()).toEqual([])
    await writer.write(() => insert('c'))
    expect(texts()).toEqual(['c'])
  })

  test('call back once they are durable, and never when they are not', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const { writer, insert } = opened
    const called: string[] = []
    const noting = (text: string, fails = false): Promise<void> =>
      writer.write(() => {
        insert(text)
        writer.afterCommit(() => called.push(text))
        if (fails) throw new Error('no')
      })
    await Promise.allSettled([noting('a'), noting('b', true), noting('c')])
    await Promise.allSettled([noting('d', true)])
    await noting('e')
    expect(called).toEqual(['a', 'c', 'e'])
  })

  test('are seen by other connections when they fulfil, not before', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const other = openDatabase(opened.file)
    const count = (): unknown => other.prepare('SELECT count(*) AS notes FROM note').get()?.['notes']
    const version = pragma(other, 'data_version')
    const written = opened.writer.write(() => opened.insert('a'))
    expect([count(), pragma(other, 'data_version')]).toEqual([0, version])
    await written
    expect(count()).toBe(1)
    expect(pragma(other, 'data_version')).not.toBe(version)
    other.close()
  })

  test('are refused when too many publishes wait and it is one more, and again accepted later', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const { writer } = opened
    const half = { records: 1, bytes: limits.publishPendingBytes / 2 }
    const waiting = [writer.publish(() => 1, half), writer.publish(() => 2, half)]
    await expect(writer.publish(() => 3, half)).rejects.toThrow(
      /^publish_overloaded: 2 events with 268435456 bytes wait/,
    )
    expect(await Promise.all(waiting)).toEqual([1, 2])
    expect(await writer.publish(() => 4, half)).toBe(4)
    const many = { records: limits.publishPendingRecords, bytes: 0 }
    const all = writer.publish(() => 5, many)
    await expect(writer.publish(() => 6, { records: 1, bytes: 0 })).rejects.toThrow(/^publish_overloaded/)
    expect(await all).toBe(5)
  })

  test('of other kinds are accepted however many publishes wait, and do not count among them', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const { writer } = opened
    const full = { records: limits.publishPendingRecords, bytes: limits.publishPendingBytes }
    const control = [writer.write(() => 1, full), writer.write(() => 2)]
    const publish = writer.publish(() => 3, full)
    control.push(writer.write(() => 4))
    expect(await Promise.all([...control, publish])).toEqual([1, 2, 4, 3])
  })

  test('that go first are in the next transaction, the others in the order they were asked for', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const { writer, insert, texts } = opened
    const half = { records: limits.groupCommitRecords / 2, bytes: 0 }
    const waiting = ['a', 'b', 'c'].map((text) => writer.publish(() => insert(text), half))
    waiting.push(writer.write(() => insert('d')))
    await writer.writeFirst(() => insert('first'))
    expect(texts()).toEqual(['first', 'a', 'b'])
    await Promise.all(waiting)
    expect(texts()).toEqual(['first', 'a', 'b', 'c', 'd'])
  })

  test('that alone are more than may wait say their own size', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const size = { records: 7, bytes: limits.publishPendingBytes + 1 }
    await expect(opened.writer.publish(() => 1, size)).rejects.toThrow(
      /^limit_exceeded: One publish of 7 events with 268435457 bytes .* in several calls/,
    )
  })

  test('started inside a write come after it, in another transaction', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    let inner: Promise<void> | undefined
    await opened.writer.write(() => {
      opened.insert('outer')
      inner = opened.writer.write(() => opened.insert('inner'))
    })
    await inner
    expect(opened.texts()).toEqual(['outer', 'inner'])
  })
})

describe('While another connection holds the write lock', () => {
  test('a write waits, and succeeds when the lock is free', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const other = openDatabase(opened.file)
    other.exec('BEGIN IMMEDIATE')
    let written = false
    const writing = opened.writer.write(() => opened.insert('a')).then(() => (written = true))
    await opened.clock.advance(200)
    expect(written).toBe(false)
    other.exec('COMMIT')
    other.close()
    await opened.clock.advance(2)
    await writing
    expect(opened.texts()).toEqual(['a'])
  })

  test('a write is refused after the busy limit, and nothing of it is written', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const other = openDatabase(opened.file)
    other.exec('BEGIN IMMEDIATE')
    const writing = opened.writer.write(() => opened.insert('a'))
    const refused = expect(writing).rejects.toThrow(/^engine_busy: Another connection holds the write lock/)
    await opened.clock.advance(limits.busyMs + 2)
    await refused
    other.exec('COMMIT')
    other.close()
    await opened.writer.write(() => opened.insert('b'))
    expect(opened.texts()).toEqual(['b'])
  })

  test('closing waits for what was accepted', async () => {
    using files = folder()
    await using opened = openWithTable(files.file())
    const other = openDatabase(opened.file)
    other.exec('BEGIN IMMEDIATE')
    const writing = opened.writer.write(() => opened.insert('a'))
    let settled = false
    const settling = opened.writer.settled().then(() => (settled = true))
    await opened.clock.advance(50)
    expect(settled).toBe(false)
    other.exec('ROLLBACK')
    other.close()
    await opened.clock.advance(2)
    await Promise.all([writing, settling])
    await settle()
    expect(opened.texts()).toEqual(['a'])
  })
})
