import { lstatSync, mkdirSync, readdirSync, rmdirSync, type Stats, statSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A name for a socket has to fit into `sockaddr_un`: 104 bytes on macOS, with the NUL. */
const longestPath = 103
/** A folder's time is not precise: what changed twice within this time may look unchanged. */
const unsettledMs = 1_000

/**
 * Where the processes that use a file leave sockets to be woken through: a folder of this user alone in the temporary
 * folder, named by the file's device and inode, so that every path to the file leads there.
 */
export class WakeFolder {
  readonly #path: string
  #seenMs = Number.NaN

  private constructor(path: string) {
    this.#path = path
  }

  /** Undefined where there can be none: on Windows, or when the file is gone. */
  static of(file: string): WakeFolder | undefined {
    const user = process.getuid?.()
    if (user === undefined) return undefined
    try {
      const { dev, ino } = statSync(file, { bigint: true })
      return new WakeFolder(join(tmpdir(), `tidings-${user}-${dev.toString(36)}-${ino.toString(36)}`))
    } catch {
      return undefined
    }
  }

  /** @throws when there is no such folder of ours, or a name in it would be too long. */
  create(): void {
    try {
      mkdirSync(this.#path, { mode: 0o700 })
    } catch {
      // It is there already, or cannot be made: what follows tells.
    }
    if (this.#stats() === undefined) throw new Error(`${this.#path} is not a folder of this user alone.`)
  }

  /** The path of a socket; undefined when it is too long. */
  pathOf(name: string): string | undefined {
    const path = join(this.#path, name)
    return Buffer.byteLength(path) <= longestPath ? path : undefined
  }

  /** The names of the sockets in it, or undefined when they are those of the last time. */
  changes(nowMs: number): readonly string[] | undefined {
    const stats = this.#stats()
    if (stats === undefined) return undefined
    const settled = nowMs - stats.mtimeMs > unsettledMs
    if (settled && stats.mtimeMs === this.#seenMs) return undefined
    this.#seenMs = stats.mtimeMs
    try {
      return readdirSync(this.#path).filter((name) => !isUnfinished(name))
    } catch {
      return undefined
    }
  }

  remove(name: string): void {
    try {
      unlinkSync(join(this.#path, name))
    } catch {
      // Somebody else was faster.
    }
  }

  /** Removes the folder when nobody uses it. */
  removeEmpty(): void {
    try {
      rmdirSync(this.#path)
    } catch {
      // Others have sockets in it.
    }
  }

  /** Of the folder, when it is this user's and closed to all others: who could replace a socket could keep us from waking. */
  #stats(): Stats | undefined {
    const stats = lstatSync(this.#path, { throwIfNoEntry: false })
    const ours = stats?.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0
    return ours ? stats : undefined
  }
}

/** The name of a socket until it is listened on: before, whoever connects would take it for one that was left behind. */
export function unfinished(name: string): string {
  return `.${name}`
}

function isUnfinished(name: string): boolean {
  return name.startsWith('.')
}
