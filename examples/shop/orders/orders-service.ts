import type { Bus } from 'tidings'
import type { SqliteCapabilities, SqliteEngine } from 'tidings/sqlite'
import type { ShopEvent } from '../catalog/catalog.ts'
import { announce } from './announce.ts'
import type { Command, CreateOrder } from './command.ts'
import { type Decision, decide } from './decide.ts'
import type { Order } from './order.ts'
import { OrderStore } from './order-store.ts'

/** Decides commands, one after the other in the order they arrive. The order, the outcome and the event commit together. */
export class OrdersService {
  readonly #engine: SqliteEngine
  readonly #bus: Bus<SqliteCapabilities, ShopEvent>
  readonly #store: OrderStore

  /** @param engine keeps the orders in the same file as the log: that is what lets row and event commit together. */
  constructor(engine: SqliteEngine, bus: Bus<SqliteCapabilities, ShopEvent>) {
    this.#engine = engine
    this.#bus = bus
    this.#store = new OrderStore(engine.database)
  }

  /** Answers a command that came before as it was answered then, refusals too, and publishes nothing again. */
  execute(command: Command): Promise<Decision> {
    return this.#engine.transaction((tx) => {
      return (
        this.#store.outcome(command) ??
        this.#settle(command, (order) => announce(this.#bus, command, order, tx))
      )
    })
  }

  /** As `execute`, but what was refused before is decided again: somebody asks anew, and things may have changed. */
  request(command: Command): Promise<Decision> {
    return this.#engine.transaction((tx) => {
      const before = this.#store.outcome(command)
      if (before?.accepted) return before
      return this.#settle(command, (order) => announce(this.#bus, command, order, tx))
    })
  }

  /** Takes over an order that an older checkout has accepted, and publishes itself. */
  adopt(command: CreateOrder): Promise<Decision> {
    return this.#engine.transaction(
      () => this.#store.outcome(command) ?? this.#settle(command, () => undefined),
    )
  }

  find(orderId: string): Order | undefined {
    return this.#store.find(orderId)
  }

  #settle(command: Command, announced: (order: Order) => void): Decision {
    const decision = decide(this.#store.find(command.orderId), command)
    this.#store.remember(command, decision)
    if (decision.accepted) {
      this.#store.save(decision.order)
      announced(decision.order)
    }
    return decision
  }
}
