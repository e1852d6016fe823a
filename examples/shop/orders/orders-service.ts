import { openStreams, type StreamRepository, type Streams, type StreamsOptions } from 'tidings/streams'
import type { Transaction } from '../transaction.ts'
import type { Command } from './command.ts'
import type { Decision } from './decide.ts'
import { orderStream } from './events.ts'
import { toldAs } from './integration.ts'
import type { Order } from './order.ts'
import { OrderAggregate } from './order-aggregate.ts'

/** One thing that happened to an order, for whoever asks what did. */
export interface HistoryEntry {
  readonly version: number
  readonly time: string
  readonly type: string
  readonly data: unknown
}

/** Decides commands: those of one order one after the other. What happens and what others hear of it commit together. */
export class OrdersService {
  readonly #streams: Pick<Streams<Transaction>, 'read' | 'readAll'>
  readonly #orders: StreamRepository<OrderAggregate>

  /** Use {@link openOrders}. */
  constructor(
    streams: Pick<Streams<Transaction>, 'read' | 'readAll'>,
    orders: StreamRepository<OrderAggregate>,
  ) {
    this.#streams = streams
    this.#orders = orders
  }

  /** Answers a command that came before as it was answered then, refusals too, and publishes nothing again. */
  execute(command: Command): Promise<Decision> {
    return this.#answer(command, (order) => order.answered(command.kind) ?? order.decide(command))
  }

  /** As `execute`, but what was refused before is decided again: somebody asks anew, and things may have changed. */
  request(command: Command): Promise<Decision> {
    return this.#answer(command, (order) => {
      const before = order.answered(command.kind)
      return before?.accepted ? before : order.decide(command)
    })
  }

  /** The order as it is, or as it was at a time. */
  async find(orderId: string, asOf?: string): Promise<Order | undefined> {
    return (await this.#orders.load(orderId, { asOf })).order
  }

  /** All that happened to it, refused commands too, oldest first. */
  async history(orderId: string): Promise<readonly HistoryEntry[]> {
    const entries = await Array.fromAsync(this.#streams.read(orderStream, orderId))
    return entries.map(({ streamVersion, event }) => ({
      version: streamVersion,
      time: event.time ?? '',
      type: event.type,
      data: event.data,
    }))
  }

  /** By type, how many events others were told of or will be, of whatever build: they commit with what happened. */
  async told(): Promise<Readonly<Record<string, number>>> {
    const told = Object.fromEntries([...toldAs.values()].map((type) => [type, 0]))
    for await (const { event } of this.#streams.readAll([orderStream])) {
      const type = toldAs.get(event.type)
      if (type !== undefined) told[type] = (told[type] ?? 0) + 1
    }
    return told
  }

  async #answer(command: Command, decide: (order: OrderAggregate) => Decision): Promise<Decision> {
    // Of several runs, because others were faster, the last one counts.
    const decisions: Decision[] = []
    await this.#orders.update(command.orderId, (order) => void decisions.push(decide(order)))
    return decisions.at(-1) ?? { accepted: false, reason: 'unknown order' }
  }
}

/** Where orders are kept and what they publish is in one database, which is what lets both commit together. */
export function openOrders<T extends Transaction, Types extends string>(
  options: StreamsOptions<T, Types>,
): OrdersService {
  const streams = openStreams(options)
  const snapshots = { every: 10, version: 1 }
  return new OrdersService(streams, streams.repository(orderStream, OrderAggregate, { snapshots }))
}
