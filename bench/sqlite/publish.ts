import { openShop, order, orderPlaced } from './shop.ts'

export interface PublishOptions {
  readonly file: string
  /** Events published before the clock starts, with code not compiled yet. */
  readonly warmUp: number
  readonly events: number
}

export interface Rate {
  readonly perSecond: number
}

const together = 256

/** One `publishAll` after the other. */
export async function publishBatches({ file, warmUp, events }: PublishOptions): Promise<Rate> {
  await using bus = await openShop(file)
  const publish = async (from: number, to: number): Promise<void> => {
    for (let first = from; first < to; first += together) {
      await bus.publishAll(
        Array.from({ length: together }, (_, index) => orderPlaced.create(order(first + index))),
      )
    }
  }
  return await rateAfter(publish, warmUp, events)
}

/** Single publishes, 256 of them awaiting the disk at any time. */
export async function publishInFlight({ file, warmUp, events }: PublishOptions): Promise<Rate> {
  await using bus = await openShop(file)
  const publish = async (from: number, to: number): Promise<void> => {
    let next = from
    const publisher = async (): Promise<void> => {
      while (next < to) await bus.publish(orderPlaced, order(next++))
    }
    await Promise.all(Array.from({ length: together }, publisher))
  }
  return await rateAfter(publish, warmUp, events)
}

async function rateAfter(
  publish: (from: number, to: number) => Promise<void>,
  warmUp: number,
  events: number,
): Promise<Rate> {
  await publish(0, warmUp)
  const startedMs = performance.now()
  await publish(warmUp, warmUp + events)
  return { perSecond: (events / (performance.now() - startedMs)) * 1_000 }
}
