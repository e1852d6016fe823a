import { type Clock, Listeners } from '../kernel/index.ts'
import {
  fencedRelay,
  type OutboxFigures,
  type OutboxRecord,
  type OutboxStore,
  type PendingRecord,
  type Refusal,
  type RefusedRecord,
  type RelayTerm,
} from '../outbox/index.ts'
import { clockOf, type MemoryOptions } from './options.ts'
import type { MemoryTransaction, MemoryTx } from './transaction.ts'

interface Lead extends RelayTerm {
  readonly untilMs: number
}

interface Added {
  readonly record: PendingRecord
  readonly addedAt: number
}

/** The reference OutboxStore. */
class MemoryOutbox implements OutboxStore<MemoryTransaction> {
  readonly #clock: Clock
  readonly #listeners = new Listeners()
  #pending: Added[] = []
  #refused: RefusedRecord[] = []
  #position = 0
  #term = 0
  #lead: Lead | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(tx: MemoryTx, records: readonly OutboxRecord[]): void {
    tx.afterCommit(() => this.#append(records))
  }

  async lead(relay: string, leaseMs: number): Promise<RelayTerm | undefined> {
    const nowMs = this.#clock.monotonic()
    const held = this.#lead
    if (held?.relay !== relay) {
      if (held !== undefined && held.untilMs > nowMs) return undefined
      this.#term += 1
    }
    this.#lead = { relay, term: this.#term, untilMs: nowMs + leaseMs }
    return { relay, term: this.#term }
  }

  async resign(term: RelayTerm): Promise<void> {
    if (this.#lead?.term === term.term) this.#lead = undefined
  }

  async claim(
    term: RelayTerm,
    { maxRecords, maxBytes }: { readonly maxRecords: number; readonly maxBytes: number },
  ): Promise<readonly PendingRecord[]> {
    this.#check(term)
    const claimed: PendingRecord[] = []
    let bytes = 0
    for (const { record } of this.#pending.slice(0, maxRecords)) {
      bytes += record.body.length
      if (claimed.length > 0 && bytes > maxBytes) break
      claimed.push(record)
    }
    return claimed
  }

  async settle(term: RelayTerm, positions: readonly number[]): Promise<void> {
    this.#check(term)
    this.#take(new Set(positions))
  }

  async refuse(term: RelayTerm, refusals: readonly Refusal[]): Promise<void> {
    this.#check(term)
    const reasons = new Map(refusals.map(({ position, reason }) => [position, reason]))
    for (const { record } of this.#take(reasons)) {
      this.#refused.push({ ...record, reason: reasons.get(record.position) ?? '' })
    }
  }

  async listRefused(limit: number): Promise<readonly RefusedRecord[]> {
    return this.#refused.toSorted((a, b) => a.position - b.position).slice(0, limit)
  }

  async restore(): Promise<number> {
    const restored = await this.listRefused(Number.POSITIVE_INFINITY)
    this.#refused = []
    this.#append(restored)
    return restored.length
  }

  async figures(): Promise<OutboxFigures> {
    const [oldest] = this.#pending
    return {
      pending: this.#pending.length,
      oldestAgeMs: oldest && Math.max(0, this.#clock.now() - oldest.addedAt),
      refused: this.#refused.length,
    }
  }

  watch(changed: () => void): () => void {
    return this.#listeners.add(changed)
  }

  async close(): Promise<void> {
    this.#listeners.clear()
  }

  #append(records: readonly OutboxRecord[]): void {
    const addedAt = this.#clock.now()
    for (const { topic, partition, body, notBefore } of records) {
      this.#pending.push({
        record: { topic, partition, body, notBefore, position: this.#position++ },
        addedAt,
      })
    }
    this.#listeners.tell()
  }

  /** Removes and returns those of these positions that are pending. */
  #take(positions: { has(position: number): boolean }): readonly Added[] {
    const taken = this.#pending.filter(({ record }) => positions.has(record.position))
    this.#pending = this.#pending.filter(({ record }) => !positions.has(record.position))
    return taken
  }

  #check(term: RelayTerm): void {
    if (this.#lead?.term !== term.term) throw fencedRelay(term, this.#lead?.term)
  }
}

/** An outbox for tests: `tx` is that of `memoryTransaction`. */
export function memoryOutbox(options: MemoryOptions = {}): OutboxStore<MemoryTransaction> {
  return new MemoryOutbox(clockOf('memoryOutbox()', options))
}
