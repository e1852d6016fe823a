import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const cli = join(import.meta.dirname, '../../dist/cli/main.js')

export interface RunningRegistry extends AsyncDisposable {
  readonly port: number
  readonly url: string
}

/** `tidings registry` as users run it, on a file of its own and on this port if it is free. */
export async function startRegistry(wantedPort: number): Promise<RunningRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-registry-'))
  const port = (await isFree(wantedPort)) ? wantedPort : 0
  const url = `sqlite:${join(folder, 'registry.db')}`
  const child = spawn(process.execPath, [cli, 'registry', '--url', url, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('The registry ended before it listened.'))),
  ])) as [string]
  const address = /http:\S+/.exec(line)?.[0] ?? ''
  return {
    url: address,
    port: Number(new URL(address).port),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
