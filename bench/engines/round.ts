import { inChild, say } from '../harness.ts'
import type { Latency } from '../sqlite/end-to-end.ts'
import type { Rate } from '../sqlite/publish.ts'

const size = { warmUp: 12_800, events: 51_200 }
const pace = { perSecond: 200, warmUpMs: 1_000, elapsedMs: 4_000 }

export interface Round {
  readonly publish: Rate
  readonly rawPublish: Rate
  readonly barePublish: Rate
  readonly consume: Rate
  readonly rawConsume: Rate
  readonly bareConsume: Rate
  readonly endToEnd: Latency
  readonly rawEndToEnd: Latency
}

/** Where a measurement with this name has the engine for itself. */
export type Place = (name: string) => string

/**
 * Product and yardstick take turns, so that what else the machine does falls on both.
 * @param keepsAll whether a group that comes later reads everything; else one is there before anything is published.
 */
export async function runRound(cache: string, raw: string, keepsAll: boolean, place: Place): Promise<Round> {
  const run = async <Figures>(file: string, measurement: string, options: object): Promise<Figures> => {
    const { figures } = await inChild<Figures>(cache, file, measurement, options)
    say(`  ${file} ${measurement} ${JSON.stringify(figures)}`)
    return figures
  }
  const product = { file: place('product') }
  const consumed = { ...product, warmUps: 1, passes: 1, readsSignal: false }
  const yardstick = { place: place('raw'), bare: false, ...size }
  const waiting = { ...product, ...size }
  if (!keepsAll) await run<void>('engines/waiting.ts', 'joinOnce', product)
  const consume = keepsAll
    ? () => run<Rate>('sqlite/consume.ts', 'consume', consumed)
    : () => run<Rate>('engines/waiting.ts', 'consumeWaiting', waiting)
  const bare = { place: place('bare'), bare: true, ...size }
  return {
    publish: await run<Rate>('sqlite/publish.ts', 'publishBatches', { ...product, ...size }),
    rawPublish: await run<Rate>(raw, 'rawPublish', yardstick),
    barePublish: await run<Rate>(raw, 'rawPublish', bare),
    consume: await consume(),
    rawConsume: await run<Rate>(raw, 'rawConsume', yardstick),
    bareConsume: await run<Rate>(raw, 'rawConsume', bare),
    endToEnd: await run<Latency>('sqlite/end-to-end.ts', 'endToEnd', { file: place('paced'), ...pace }),
    rawEndToEnd: await run<Latency>(raw, 'rawEndToEnd', { place: place('rawpaced'), ...pace }),
  }
}
