import type { Observed } from '../tracing/index.ts'
import type { Engine } from './engine.ts'
import type { Outbox } from './outbox.ts'

/** What metrics look at of a bus: of the groups that run here, and of the outboxes that are relayed here. */
export function observedOf(
  { admin, deadLetters }: Engine,
  groups: () => ReadonlySet<string>,
  outboxes: readonly Pick<Outbox, 'figures'>[],
): Observed {
  return {
    lag: async () => (await Promise.all([...groups()].map((group) => admin.lag(group)))).flat(),
    deadLetters: async () => {
      const counts = [...groups()].map(
        async (group) => [group, await deadLetters.count({ group, states: ['dead'] })] as const,
      )
      return new Map(await Promise.all(counts))
    },
    outboxes: () => Promise.all(outboxes.map((outbox) => outbox.figures())),
  }
}
