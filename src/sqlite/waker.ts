import { connect, type Socket } from 'node:net'
import { limits, systemClock } from '../kernel/index.ts'
import type { WakeFolder } from './wake-folder.ts'

const byte = Buffer.of(1)

/** Wakes whoever listens at a folder of sockets, without ever waiting for anybody. */
export class Waker {
  readonly #folder: WakeFolder
  readonly #ownName: string
  readonly #sockets = new Map<string, Socket>()
  #lookedMs = Number.NEGATIVE_INFINITY
  #waking = false
  #closed = false

  /** @param ownName of a socket that is this process' own. */
  constructor(folder: WakeFolder, ownName: string) {
    this.#folder = folder
    this.#ownName = ownName
  }

  wake(): void {
    if (this.#waking || this.#closed) return
    this.#waking = true
    queueMicrotask(() => {
      this.#waking = false
      this.#wake()
    })
  }

  close(): void {
    this.#closed = true
    for (const socket of this.#sockets.values()) socket.destroy()
    this.#sockets.clear()
  }

  #wake(): void {
    if (this.#closed) return
    this.#look()
    // One with a byte still on its way will look at the file after it: that is soon enough.
    for (const socket of this.#sockets.values()) if (socket.writableLength === 0) socket.write(byte)
  }

  #look(): void {
    const nowMs = systemClock.monotonic()
    if (nowMs - this.#lookedMs < limits.wakeLookMs) return
    this.#lookedMs = nowMs
    for (const name of this.#folder.changes(systemClock.now()) ?? []) {
      if (this.#sockets.size >= limits.wakeSockets) return
      if (name !== this.#ownName && !this.#sockets.has(name)) this.#connect(name)
    }
  }

  #connect(name: string): void {
    const path = this.#folder.pathOf(name)
    if (path === undefined) return
    const socket = connect(path)
    this.#sockets.set(name, socket)
    socket.unref()
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Nobody listens any more: its process was killed.
      if (error.code === 'ECONNREFUSED') this.#folder.remove(name)
    })
    socket.on('close', () => this.#sockets.delete(name))
    socket.resume()
  }
}
