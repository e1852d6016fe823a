import { addedLine, cart, cartStream, openCarts, snapshottingCart } from './cart.ts'

export interface AppendOptions {
  readonly file: string
  readonly warmUp: number
  readonly appends: number
}

export const inFlight = 64
export const eventsPerAppend = 3

/** Appends of three events to a new stream each, 64 of them awaiting the disk at any time. */
export async function append({ file, warmUp, appends }: AppendOptions): Promise<{ perSecond: number }> {
  await using streams = openCarts(file)
  const run = async (from: number, to: number): Promise<void> => {
    let next = from
    const appender = async (): Promise<void> => {
      while (next < to) {
        const number = next++
        const events = [addedLine(number), addedLine(number + 1), addedLine(number + 2)]
        await streams.append(cartStream, `${number}`, events, { expected: 'empty' })
      }
    }
    await Promise.all(Array.from({ length: inFlight }, appender))
  }
  await run(0, warmUp)
  const startedMs = performance.now()
  await run(warmUp, warmUp + appends)
  return { perSecond: (appends / (performance.now() - startedMs)) * 1_000 }
}

export interface LoadOptions {
  readonly file: string
  readonly events: number
  readonly passes: number
}

/** A stream of so many events, among others as long, as it grows in a service. */
export async function fill({ file, events }: LoadOptions): Promise<object> {
  await using streams = openCarts(file)
  for (let from = 0; from < events; from += 10) {
    const batch = Array.from({ length: 10 }, (_, index) => addedLine(from + index))
    for (const id of ['1', '2', '3']) await streams.append(cartStream, id, batch, { expected: from })
  }
  await streams.load(snapshottingCart, '2')
  return {}
}

/** ms to load one stream, with all of its events and from a snapshot. */
export async function load({ file, passes }: LoadOptions): Promise<{ fullMs: number; snapshotMs: number }> {
  await using streams = openCarts(file)
  // The snapshot is some events old, as it is most of the time.
  const behind = Array.from({ length: 50 }, (_, index) => addedLine(index))
  await streams.append(cartStream, '2', behind, { expected: 'any' })
  const fullMs = await msOf(passes, () => streams.load(cart, '1'))
  const snapshotMs = await msOf(passes, () => streams.load(snapshottingCart, '2'))
  return { fullMs, snapshotMs }
}

async function msOf(passes: number, run: () => Promise<unknown>): Promise<number> {
  for (let pass = 0; pass < passes; pass++) await run()
  const startedMs = performance.now()
  for (let pass = 0; pass < passes; pass++) await run()
  return (performance.now() - startedMs) / passes
}

export interface HotOptions {
  readonly file: string
  readonly contenders: number
  readonly commands: number
  /** Services that share the file; the contenders are spread over them. */
  readonly services: number
}

/** Commands for one stream by many at once: how many a second, and how long the unluckiest took. */
export async function hot({ file, contenders, commands, services: count }: HotOptions): Promise<object> {
  const services = Array.from({ length: count }, () => openCarts(file))
  const waitsMs: number[] = []
  const startedMs = performance.now()
  await Promise.all(
    Array.from({ length: contenders }, async (_, contender) => {
      const streams = services[contender % services.length]
      for (let command = 0; command < commands; command++) {
        const sentMs = performance.now()
        await streams?.execute(snapshottingCart, 'hot', command)
        waitsMs.push(performance.now() - sentMs)
      }
    }),
  )
  const perSecond = (waitsMs.length / (performance.now() - startedMs)) * 1_000
  const version = (await services[0]?.load(cart, 'hot'))?.version
  for (const streams of services) await streams.close()
  if (version !== contenders * commands) throw new Error(`${version} events of ${contenders * commands}`)
  return { perSecond, longestMs: Math.max(...waitsMs) }
}
