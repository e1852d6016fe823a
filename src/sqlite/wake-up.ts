import { randomUUID } from 'node:crypto'
import { renameSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { Waker } from './waker.ts'
import { unfinished, WakeFolder } from './wake-folder.ts'

/**
 * Wakes other processes that use a file right after a commit, and is woken by them, through Unix sockets. It is a matter of
 * speed alone: where it does not work (another user, Windows, a temporary folder of one's own) polling notices the commit.
 */
export class WakeUp {
  readonly #folder: WakeFolder | undefined
  readonly #name = `${process.pid}-${randomUUID().slice(0, 8)}`
  readonly #waker: Waker | undefined
  readonly #open = new Set<Socket>()
  #server: Server | undefined

  /** @param file undefined for one that no other process can have open. */
  constructor(file: string | undefined) {
    this.#folder = file === undefined ? undefined : WakeFolder.of(file)
    this.#waker = this.#folder && new Waker(this.#folder, this.#name)
  }

  /** Something was committed: all who listen look at the file. Costs no more than a byte for each. */
  wake(): void {
    this.#waker?.wake()
  }

  /** Calls back when another process has committed. Once is enough; it does not keep the process alive. */
  listen(woken: () => void): void {
    const path = this.#folder?.pathOf(unfinished(this.#name))
    if (this.#folder === undefined || path === undefined || this.#server !== undefined) return
    this.#server = createServer((socket) => this.#accept(socket, woken))
    this.#server.on('error', () => undefined) // Then nobody wakes us, and polling has to do.
    this.#server.unref()
    try {
      this.#folder.create()
      this.#server.listen({ path, exclusive: true }, () => this.#announce(path))
    } catch {
      // As above.
    }
  }

  close(): void {
    this.#waker?.close()
    if (this.#server === undefined) return
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
    this.#folder?.remove(this.#name)
    this.#folder?.removeEmpty()
  }

  #accept(socket: Socket, woken: () => void): void {
    this.#open.add(socket)
    socket.unref()
    socket.on('data', woken)
    socket.on('error', () => undefined) // Its process is gone.
    socket.on('close', () => this.#open.delete(socket))
  }

  #announce(path: string): void {
    const known = this.#folder?.pathOf(this.#name)
    try {
      if (known !== undefined && this.#server?.listening) renameSync(path, known)
    } catch {
      // The folder was removed in between: polling has to do.
    }
  }
}
