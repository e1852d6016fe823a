/** The other process of `twoProcesses`: publishes at a steady rate, and sends when each publish was called. */
import { machineMs } from '../harness.ts'
import { paced } from '../paced.ts'
import { openShop, order, orderPlaced } from '../sqlite/shop.ts'

export interface PublisherOptions {
  readonly file: string
  readonly perSecond: number
  readonly total: number
}

export interface Published {
  /** By number, on the machine's monotonic clock. */
  readonly publishedMs: readonly number[]
}

const { file, perSecond, total }: PublisherOptions = JSON.parse(process.argv[2] ?? '')
const publishedMs: number[] = []
await using bus = await openShop(file)
await paced(perSecond, total, (number) => {
  publishedMs.push(machineMs())
  return bus.publish(orderPlaced, order(number))
})
process.send?.({ publishedMs } satisfies Published)
process.disconnect()
