import type { Rate } from './publish.ts'
import { openShop, orderPlaced } from './shop.ts'

export interface ConsumeOptions {
  readonly file: string
  /** Only about so many of the newest events; all when absent. */
  readonly newest?: number
  /** Times that all of it is read before the clock starts, with code not compiled yet; and while it runs. */
  readonly warmUps: number
  readonly passes: number
  /** Whether the handler reads its `signal`, which is made only then. */
  readonly readsSignal: boolean
}

/**
 * Every pass is a new group with a handler that does nothing. Its clock runs from the first event handled to the
 * last; commits go on beside it, every few milliseconds.
 */
export async function consume(options: ConsumeOptions): Promise<Rate> {
  const { warmUps, passes } = options
  let events = 0
  let elapsedMs = 0
  for (let pass = 0; pass < warmUps + passes; pass++) {
    const each = await consumeOnce(options, `group-${process.pid}-${pass}`)
    if (pass < warmUps) continue
    events += each.events
    elapsedMs += each.elapsedMs
  }
  return { perSecond: (events / elapsedMs) * 1_000 }
}

async function consumeOnce(
  { file, newest, readsSignal }: ConsumeOptions,
  name: string,
): Promise<{ events: number; elapsedMs: number }> {
  await using bus = await openShop(file)
  const bounds = (await bus.admin.topics()).flatMap((topic) => topic.bounds)
  const all = bounds.reduce((sum, { end }) => sum + end, 0)
  const offset = Math.max(0, Math.floor((all - (newest ?? all)) / bounds.length))
  const events = bounds.reduce((sum, { end }) => sum + Math.max(0, end - offset), 0)

  let handled = 0
  let startedMs = 0
  let endedMs = 0
  const count = (): void => {
    if (handled === 0) startedMs = performance.now()
    handled += 1
    if (handled === events) endedMs = performance.now()
  }
  const group = bus.group(name, { start: { offset } }).on(orderPlaced, async (delivery) => {
    if (readsSignal && delivery.signal.aborted) return
    count()
  })
  await group.caughtUp()
  if (handled !== events) throw new Error(`${handled} of ${events} events were handled`)
  return { events, elapsedMs: endedMs - startedMs }
}
