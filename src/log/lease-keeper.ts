import { Worker } from 'node:worker_threads'
import type { KeptLease, Lease } from './lease.ts'
import type { LeaseOrder } from './lease-loop.ts'
import { RenewalTimes } from './renewal-times.ts'

/** What the thread may use; what it needs is a third of it. */
const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 }

/**
 * Keeps the leases of this process' members while its event loop is blocked: a thread beside it, with a connection of its
 * own, renews what the loop is late with. One for an engine, started with the first member. It does not keep the process
 * alive. Where it cannot be started, a warning says so, and a blocked loop costs a member its partitions.
 */
export class LeaseKeeper {
  readonly #module: URL
  readonly #data: unknown
  #thread: Worker | undefined
  #ids = 0

  /** @param module what runs in the thread: it calls `keepLeases`. @param data how it reaches the engine, as `workerData`. */
  constructor(module: URL, data: unknown) {
    this.#module = module
    this.#data = data
  }

  keep(lease: Lease): KeptLease {
    const thread = (this.#thread ??= this.#start())
    const id = this.#ids++
    const times = new RenewalTimes()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is a thread, not a window
    const order = (each: LeaseOrder): void => thread.postMessage(each)
    order({ kind: 'keep', id, lease, times: times.shared })
    return {
      renewed: (fromMs) => times.setByLoop(fromMs),
      get renewedFromMs() {
        return times.besideMs
      },
      release: () => order({ kind: 'release', id }),
    }
  }

  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.terminate()
  }

  #start(): Worker {
    const thread = new Worker(this.#module, { workerData: this.#data, execArgv: [], resourceLimits })
    thread.on('error', (error) => {
      process.emitWarning(
        `A handler that blocks the event loop for longer than the session timeout will lose its partitions: the thread that renews leases meanwhile has ended: ${error.message}`,
      )
    })
    thread.unref()
    return thread
  }
}
