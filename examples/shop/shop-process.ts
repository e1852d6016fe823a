import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The shop as a process of its own, for tests that end it. */
export interface ShopProcess {
  readonly pid: number
  /** Fulfils when the process has ended. */
  readonly ended: Promise<Ended>
  kill(signal: NodeJS.Signals): void
  /** Fulfils when this was written to stdout or stderr. */
  wrote(text: string): Promise<void>
  /** Fulfils with the first group of the pattern when something that matches it was written to stdout or stderr. */
  matched(pattern: string): Promise<string>
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const main = fileURLToPath(new URL('main.ts', import.meta.url))

export function startShop(...args: string[]): ShopProcess {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return watched(child)
}

/** In a shell, as npm starts it: a signal reaches the shell alone. It has ended when the shop has. */
export function startShopAsNpm(...args: string[]): ShopProcess {
  const env = { ...process.env, npm_lifecycle_event: 'start' }
  const argv = ['-c', '"$0" "$@"; exit', process.execPath, main, ...args]
  const shell = spawn('sh', argv, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const shop = watched(shell)
  let isRunning = true
  void shop.ended.then(() => (isRunning = false))
  onTestFinished(() => {
    if (isRunning) process.kill(-shop.pid, 'SIGKILL')
  })
  return shop
}

function watched(child: ChildProcessByStdio<null, Readable, Readable>): ShopProcess {
  const output = { stdout: '', stderr: '' }
  const look = new EventTarget()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
      look.dispatchEvent(new Event('written'))
    })
  }
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...output })))
  const found = <Found>(what: string, find: (text: string) => Found | undefined): Promise<Found> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const result = find(output.stdout) ?? find(output.stderr)
        if (result !== undefined) resolve(result)
      }
      look.addEventListener('written', check)
      void ended.then(({ stderr }) => reject(new Error(`It ended without writing ${what}: ${stderr}`)))
      check()
    })
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
    wrote: async (text) => void (await found(text, (all) => all.includes(text) || undefined)),
    matched: (pattern) => found(pattern, (all) => new RegExp(pattern).exec(all)?.[1]),
  }
}
