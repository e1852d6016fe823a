import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { openShop, order, orderPlaced } from '../sqlite/shop.ts'

export interface TakeoverOptions {
  readonly file: string
}

export interface Takeover {
  /** From SIGKILL of the owner to the first delivery of its partition to another member. */
  readonly takeoverMs: number
}

const everyMs = 20

/** A member with default options is killed; how long do the keys of its partitions wait? */
export async function takeover({ file }: TakeoverOptions): Promise<Takeover> {
  await using bus = await openShop(file)
  const victim = fork(new URL('victim.ts', import.meta.url), [file])
  await once(victim, 'message')
  const handled = Promise.withResolvers<number>()
  let theirs: ReadonlySet<number> = new Set()
  const group = bus.group('takeover').on(orderPlaced, async ({ partition }) => {
    if (theirs.has(partition)) handled.resolve(performance.now())
  })
  await group.joined()
  const holds = async (): Promise<readonly number[]> => {
    const [info] = await bus.admin.groups()
    const member = info?.members.find((each) => each.member === 'victim')
    return member?.partitions.map(({ partition }) => partition) ?? []
  }
  while ((await holds()).length !== 4) await setTimeout(everyMs)
  theirs = new Set(await holds())
  const killedMs = performance.now()
  victim.kill('SIGKILL')
  const over = new AbortController()
  const first = handled.promise.finally(() => over.abort())
  for (let number = 0; !over.signal.aborted; number++) {
    await bus.publish(orderPlaced, order(number))
    await Promise.race([first, setTimeout(everyMs)])
  }
  return { takeoverMs: (await first) - killedMs }
}
