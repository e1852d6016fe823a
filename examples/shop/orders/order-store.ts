import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Command } from './command.ts'
import type { Decision, Reason } from './decide.ts'
import type { Order } from './order.ts'

const tables = `
CREATE TABLE IF NOT EXISTS shop_order (
  order_id TEXT PRIMARY KEY,
  content TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS shop_outcome (
  order_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  refusal TEXT,
  PRIMARY KEY (order_id, kind)
) STRICT, WITHOUT ROWID;
`

/** The orders, and what became of each command. Write inside a transaction of the engine whose file this is. */
export class OrderStore {
  readonly #find: StatementSync
  readonly #save: StatementSync
  readonly #outcome: StatementSync
  readonly #remember: StatementSync

  constructor(database: DatabaseSync) {
    database.exec(tables)
    this.#find = database.prepare('SELECT content FROM shop_order WHERE order_id = ?')
    this.#save = database.prepare('INSERT OR REPLACE INTO shop_order VALUES (?, ?)')
    this.#outcome = database.prepare('SELECT refusal FROM shop_outcome WHERE order_id = ? AND kind = ?')
    this.#remember = database.prepare('INSERT OR REPLACE INTO shop_outcome VALUES (?, ?, ?)')
  }

  find(orderId: string): Order | undefined {
    const row = this.#find.get(orderId)
    return row === undefined ? undefined : (JSON.parse(String(row['content'])) as Order)
  }

  save(order: Order): void {
    this.#save.run(order.orderId, JSON.stringify(order))
  }

  /** What was decided when this command came before; an accepted one comes with the order as it is today. */
  outcome({ orderId, kind }: Command): Decision | undefined {
    const row = this.#outcome.get(orderId, kind)
    if (row === undefined) return undefined
    if (row['refusal'] !== null) return { accepted: false, reason: row['refusal'] as Reason }
    const order = this.find(orderId)
    return order && { accepted: true, order }
  }

  remember({ orderId, kind }: Command, decision: Decision): void {
    this.#remember.run(orderId, kind, decision.accepted ? null : decision.reason)
  }
}
