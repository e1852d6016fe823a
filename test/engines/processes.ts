import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Whom a server runs as. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/** A user without rights for what root starts; undefined for who is not root, who starts it as himself. */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('Neither a user postgres nor nobody is in /etc/passwd, and a server is not run as root.')
}

/** Runs a program to its end as a user. @throws with what it said when it fails. */
export function runAs(user: User | undefined, program: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, { ...user, encoding: 'utf8', cwd: '/' })
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${error ?? `${stdout}${stderr}`}`)
}

/** Starts a program that outlives this one; what it says is appended to a log. Returns its pid. */
export function startAs(
  user: User | undefined,
  program: string,
  args: readonly string[],
  log: string,
  env: NodeJS.ProcessEnv = process.env,
): number {
  const file = openSync(log, 'a')
  const child = spawn(program, args, {
    ...user,
    cwd: '/',
    detached: true,
    stdio: ['ignore', file, file],
    env,
  })
  closeSync(file)
  child.on('error', () => undefined)
  if (child.pid === undefined) throw new Error(`${program} could not be started.`)
  child.unref()
  return child.pid
}

/** What tells a process from a later one with its pid: when it started. Undefined for none. */
export function startOf(pid: number): string | undefined {
  try {
    const start = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return start === '' ? undefined : start
  } catch {
    return undefined
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return address.port
}

/** Asks until there is an answer. @throws the last failure when there is none in time. */
export async function untilReady<Answer>(
  ask: () => Promise<Answer>,
  { patienceMs, alive }: { readonly patienceMs: number; readonly alive: () => boolean },
): Promise<Answer> {
  for (const deadlineMs = Date.now() + patienceMs; ; ) {
    try {
      return await ask()
    } catch (error) {
      if (!alive() || Date.now() > deadlineMs) throw error
      await sleep(100)
    }
  }
}
