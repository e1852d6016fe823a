import type { DatabaseSync } from 'node:sqlite'
import type { SqliteEngine } from 'tidings/sqlite'
import type { Announce } from './announce.ts'
import type { Command } from './command.ts'
import { type Decision, decide } from './decide.ts'
import type { Order } from './order.ts'
import { OrderStore } from './order-store.ts'

/** Decides commands, one after the other in the order they arrive. The order, the outcome and the event commit together. */
export class OrdersService {
  readonly #engine: SqliteEngine
  readonly #announce: Announce
  readonly #store: OrderStore

  /** @param engine keeps the orders, and what is announced, in one file: that is what lets row and event commit together. */
  constructor(engine: SqliteEngine, announce: Announce) {
    this.#engine = engine
    this.#announce = announce
    this.#store = new OrderStore(engine.database)
  }

  /** Answers a command that came before as it was answered then, refusals too, and publishes nothing again. */
  execute(command: Command): Promise<Decision> {
    return this.#engine.transaction((tx) => this.#store.outcome(command) ?? this.#settle(command, tx))
  }

  /** As `execute`, but what was refused before is decided again: somebody asks anew, and things may have changed. */
  request(command: Command): Promise<Decision> {
    return this.#engine.transaction((tx) => {
      const before = this.#store.outcome(command)
      return before?.accepted ? before : this.#settle(command, tx)
    })
  }

  find(orderId: string): Order | undefined {
    return this.#store.find(orderId)
  }

  #settle(command: Command, tx: DatabaseSync): Decision {
    const decision = decide(this.#store.find(command.orderId), command)
    this.#store.remember(command, decision)
    if (decision.accepted) {
      this.#store.save(decision.order)
      this.#announce(command, decision.order, tx)
    }
    return decision
  }
}
