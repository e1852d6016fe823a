import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../testing/index.ts'
import { ChangeFeed } from './change-feed.ts'
import { type Folder, folder, openStore } from './sqlite.fixture.ts'
import { WakeUp } from './wake-up.ts'

async function createFile(files: Folder): Promise<string> {
  await using opened = openStore(files.file())
  forgetEarlier(opened.file)
  return opened.file
}

/** Where processes listen for a file. */
function socketsOf(file: string): string {
  const { dev, ino } = statSync(file)
  return join(tmpdir(), `tidings-${process.getuid?.()}-${dev}-${ino}`)
}

/** A killed process leaves its socket, its file is deleted, and the next file may get the number of that one. */
function forgetEarlier(newFile: string): void {
  rmSync(socketsOf(newFile), { recursive: true, force: true })
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** Something that listens, once its socket is there. */
async function listening(file: string): Promise<WakeUp & { readonly woken: Promise<void> }> {
  const { promise: woken, resolve } = Promise.withResolvers<void>()
  const wakeUp = Object.assign(new WakeUp(file), { woken })
  const before = namesIn(socketsOf(file)).length
  wakeUp.listen(resolve)
  while (namesIn(socketsOf(file)).filter((name) => !name.startsWith('.')).length === before) await nextTurn()
  return wakeUp
}

describe('A commit', () => {
  test('is noticed by another process that listens, without polling', async () => {
    using files = folder()
    await using reader = openStore(files.file())
    await using writer = openStore(files.file())
    forgetEarlier(files.file())
    const listener = new WakeUp(files.file())
    // Its time stands still: it never polls.
    const changes = new ChangeFeed(reader.database, new VirtualClock(), listener)
    const noticed = new Promise((resolve) => changes.watch(resolve))
    changes.attend()
    while (namesIn(socketsOf(files.file())).every((name) => name.startsWith('.'))) await nextTurn()
    const waker = new WakeUp(files.file())
    writer.database.exec('CREATE TABLE note (text TEXT) STRICT')
    waker.wake()
    expect(await noticed).toEqual({ kind: 'unknown' })
    waker.close()
    changes.close()
  })
})

describe('Waking', () => {
  test('reaches all who listen, and not whoever wakes', async () => {
    using files = folder()
    const file = await createFile(files)
    const one = await listening(file)
    const two = await listening(file)
    const self = await listening(file)
    let wokeItself = false
    void self.woken.then(() => (wokeItself = true))
    self.wake()
    await Promise.all([one.woken, two.woken])
    expect(wokeItself).toBe(false)
    for (const each of [one, two, self]) each.close()
  })

  test('leaves nothing behind when all have closed', async () => {
    using files = folder()
    const file = await createFile(files)
    const one = await listening(file)
    const two = await listening(file)
    expect(namesIn(socketsOf(file))).toHaveLength(2)
    one.close()
    expect(namesIn(socketsOf(file))).toHaveLength(1)
    two.close()
    expect(() => statSync(socketsOf(file))).toThrow(/ENOENT/)
  })

  test('removes the socket that a killed process has left', async () => {
    using files = folder()
    const file = await createFile(files)
    const one = await listening(file)
    const [made, left] = ['made', 'left'].map((name) => join(socketsOf(file), name))
    const server = createServer().listen(made)
    await once(server, 'listening')
    renameSync(made ?? '', left ?? '')
    server.close()
    const waker = new WakeUp(file)
    waker.wake()
    await one.woken
    while (namesIn(socketsOf(file)).includes('left')) await nextTurn()
    expect(namesIn(socketsOf(file))).toHaveLength(1)
    waker.close()
    one.close()
  })

  test('is left to polling where another user could replace the sockets', async () => {
    using files = folder()
    const file = await createFile(files)
    mkdirSync(socketsOf(file))
    chmodSync(socketsOf(file), 0o777)
    const wakeUp = new WakeUp(file)
    wakeUp.listen(() => undefined)
    await nextTurn()
    expect(namesIn(socketsOf(file))).toEqual([])
    wakeUp.wake()
    wakeUp.close()
    expect(() => statSync(socketsOf(file))).toThrow(/ENOENT/)
  })

  test('of a file that nobody else can have open does nothing', () => {
    const wakeUp = new WakeUp(undefined)
    wakeUp.listen(() => undefined)
    wakeUp.wake()
    wakeUp.close()
  })
})
