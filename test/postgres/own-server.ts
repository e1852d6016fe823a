import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { startCluster } from '../engines/postgres.ts'
import { startOf } from '../engines/processes.ts'

/** A server of the test's own, which it may stop and start. */
export class OwnServer {
  readonly #folder: string
  #running: Awaited<ReturnType<typeof startCluster>> | undefined

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'tidings-restart-'))
    chmodSync(this.#folder, 0o755)
    onTestFinished(async () => {
      await this.stop('SIGQUIT')
      rmSync(this.#folder, { recursive: true, force: true })
    })
  }

  async start(settings: readonly string[] = []): Promise<string> {
    const port = this.#running?.port
    this.#running = await startCluster(this.#folder, port === undefined ? { settings } : { port, settings })
    return this.#running.url()
  }

  /** `SIGINT` ends connections, `SIGQUIT` is a crash: the next start recovers. */
  async stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const pid = this.#running?.pid
    if (pid === undefined || startOf(pid) === undefined) return
    process.kill(pid, signal)
    while (startOf(pid) !== undefined) await sleep(20)
  }
}
