import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock } from '../kernel/index.ts'
import { fencedRelay, type RelayTerm } from '../outbox/index.ts'
import { rows } from './topic-table.ts'

type RelayRow = readonly [
  term: number,
  relay: string | null,
  boot: string,
  leaseMs: number,
  leaseUntilMs: number,
]

/** Which relay of the outbox has the right to publish, and until when: a lease on the machine's monotonic clock. */
export class OutboxRelay {
  readonly #boot: string
  readonly #clock: Clock
  readonly #get: StatementSync
  readonly #set: StatementSync
  readonly #resign: StatementSync

  constructor(database: DatabaseSync, boot: string, clock: Clock) {
    this.#boot = boot
    this.#clock = clock
    this.#get = rows(database, 'SELECT term, relay, boot, lease_ms, lease_until_ms FROM tidings_outbox_relay')
    this.#set = database.prepare('INSERT OR REPLACE INTO tidings_outbox_relay VALUES (1, ?, ?, ?, ?, ?)')
    this.#resign = database.prepare('UPDATE tidings_outbox_relay SET relay = NULL WHERE term = ?')
  }

  isFree(relay: string): boolean {
    const row = this.#row()
    return row === undefined || row[1] === relay || !this.#isLeased(row)
  }

  /** Inside a write. */
  lead(relay: string, leaseMs: number): RelayTerm | undefined {
    const row = this.#row()
    if (!this.isFree(relay)) return undefined
    const before = row?.[0] ?? 0
    const term = row?.[1] === relay ? before : before + 1
    this.#set.run(term, relay, this.#boot, leaseMs, this.#clock.monotonic() + leaseMs)
    return { relay, term }
  }

  /** Inside a write. */
  resign({ term }: RelayTerm): void {
    this.#resign.run(term)
  }

  /** @throws `fenced` unless it is the newest term. */
  check(term: RelayTerm): void {
    const [newest, relay] = this.#row() ?? []
    if (newest !== term.term || relay !== term.relay)
      throw fencedRelay(term, relay == null ? undefined : newest)
  }

  /** A lease of an earlier start of the machine is over. Where starts cannot be told apart, one that is too long is. */
  #isLeased([, relay, boot, leaseMs, untilMs]: RelayRow): boolean {
    const restMs = untilMs - this.#clock.monotonic()
    return relay !== null && boot === this.#boot && restMs > 0 && restMs <= leaseMs
  }

  #row(): RelayRow | undefined {
    return this.#get.get() as unknown as RelayRow | undefined
  }
}
