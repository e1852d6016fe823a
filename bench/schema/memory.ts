import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { compileSchema } from 'tidings/schema'
import { orderSchema } from './order.ts'

export interface MemoryGrowth {
  /** What is alive after a collection, beyond what was after the first tenth. */
  readonly grownMegabytes: number
  readonly perSecond: number
}

const times = 1_000_000

/** One schema, each time a new object, as schemas that come over the network are. */
export function compileAgain(): MemoryGrowth {
  const text = JSON.stringify(orderSchema)
  const run = (count: number): void => {
    for (let time = 0; time < count; time++) compileSchema(JSON.parse(text))
  }
  run(times / 10)
  const before = alive()
  const startedMs = performance.now()
  run((times * 9) / 10)
  const elapsedMs = performance.now() - startedMs
  return { grownMegabytes: (alive() - before) / 1_048_576, perSecond: ((times * 0.9) / elapsedMs) * 1_000 }
}

function alive(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}
