import type { InboxClaim, InboxKey, InboxStore, Synchronous } from '../inbox/index.ts'
import { type Clock, TidingsError } from '../kernel/index.ts'
import { fencedBy, partitionName } from '../log/index.ts'
import { clockOf, type MemoryOptions } from './options.ts'

/** The reference inbox's transaction: rows by key. What the function writes is there after it, or not at all. */
export type MemoryTransact = <Result>(
  run: (tx: Map<string, unknown>) => Synchronous<Result>,
) => Promise<Result>

/** The reference InboxStore, over a Map that stands for the handlers' database. */
export class MemoryInbox implements InboxStore<MemoryTransact> {
  readonly rows: Map<string, unknown> = new Map()
  readonly #handled = new Map<string, number>()
  readonly #fences = new Map<string, number>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async handled(group: string, runNumber: number, keys: readonly InboxKey[]): Promise<readonly boolean[]> {
    return keys.map((key) => this.#handled.has(nameOf(group, runNumber, key)))
  }

  transaction(claim: InboxClaim): MemoryTransact {
    return async (run) => {
      claim.check()
      this.#checkFence(claim)
      if (claim.keys.some((key) => this.#handled.has(nameOf(claim.fence.group, claim.runNumber, key)))) {
        throw new TidingsError('delivery_closed', 'This event was handled already. Nothing is written again.')
      }
      const before = new Map(this.rows)
      try {
        const result: unknown = run(this.rows)
        if (result instanceof Promise) {
          result.catch(() => undefined)
          throw new TidingsError(
            'transaction_async',
            'The function given to transact returned a Promise. Await what you need before transact, and write inside it without await.',
          )
        }
        await this.record(claim)
        return result as never
      } catch (error) {
        this.rows.clear()
        for (const [key, value] of before) this.rows.set(key, value)
        throw error
      }
    }
  }

  async record(claim: InboxClaim): Promise<void> {
    const { group, topic, partition, generation } = claim.fence
    this.#checkFence(claim)
    this.#fences.set(`${group}/${partitionName(topic, partition)}`, generation)
    for (const key of claim.keys) {
      const name = nameOf(group, claim.runNumber, key)
      if (!this.#handled.has(name)) this.#handled.set(name, this.#clock.now())
    }
    claim.committed()
  }

  async prune(group: string, before: number): Promise<number> {
    const ofGroup = JSON.stringify([group]).slice(0, -1)
    const old = [...this.#handled].filter(([name, at]) => at < before && name.startsWith(`${ofGroup},`))
    for (const [name] of old) this.#handled.delete(name)
    return old.length
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  #checkFence({ fence }: InboxClaim): void {
    const seen = this.#fences.get(`${fence.group}/${partitionName(fence.topic, fence.partition)}`) ?? -1
    if (seen > fence.generation) throw fencedBy(fence, seen)
  }
}

function nameOf(group: string, runNumber: number, { source, id }: InboxKey): string {
  return JSON.stringify([group, runNumber, source, id])
}

/** An inbox for tests: `rows` stands for the handlers' database. */
export function memoryInbox(options: MemoryOptions = {}): MemoryInbox {
  return new MemoryInbox(clockOf('memoryInbox()', options))
}
