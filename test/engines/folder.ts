import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startOf, unprivilegedUser } from './processes.ts'
import type { Running, Server } from './server.ts'

const root = join(import.meta.dirname, '..', '..', '.engines')

interface Kept extends Running {
  /** Tells the process from a later one with its pid. */
  readonly start: string
}

const stateOf = (name: string): string => join(root, `${name}.json`)

/** What runs of a server that this folder has started; undefined when it does not run, whatever ended it. */
export function runningOf({ name }: Server): Running | undefined {
  if (!existsSync(stateOf(name))) return undefined
  const kept: Kept = JSON.parse(readFileSync(stateOf(name), 'utf8'))
  return startOf(kept.pid) === kept.start ? kept : undefined
}

export async function startServer(server: Server): Promise<Running> {
  const running = runningOf(server)
  if (running !== undefined) return running
  const started = await server.start(folderOf(server))
  const kept: Kept = { ...started, start: startOf(started.pid) ?? '' }
  writeFileSync(stateOf(server.name), `${JSON.stringify(kept)}\n`)
  return started
}

/** Ends the process in order, and with force when that takes too long. False when it did not run. */
export async function stopServer(server: Server): Promise<boolean> {
  const running = runningOf(server)
  if (running === undefined) return false
  process.kill(running.pid, server.stopSignal)
  for (const deadlineMs = Date.now() + 20_000; runningOf(server) !== undefined; await sleep(50)) {
    if (Date.now() > deadlineMs) process.kill(running.pid, 'SIGKILL')
  }
  rmSync(stateOf(server.name), { force: true })
  return true
}

/**
 * A server's own folder in `.engines`; where the user that it runs as cannot reach that, since a folder above is closed
 * to others, in the system's folder for temporary files.
 */
function folderOf({ name }: Server): string {
  mkdirSync(root, { recursive: true })
  chmodSync(root, 0o755)
  const user = unprivilegedUser()
  const reached = user === undefined || spawnSync('test', ['-x', root], { ...user, cwd: '/' }).status === 0
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 12)
  const folder = reached ? join(root, name) : join(tmpdir(), `tidings-engines-${hash}`, name)
  mkdirSync(folder, { recursive: true })
  return folder
}
