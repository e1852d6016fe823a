import type { Bus } from 'tidings'

/**
 * Where a group of the shop begins: at the first event there is. An engine that keeps nothing for groups to come has none before
 * the group, so there it begins with what comes; the shop publishes nothing until all its groups are there.
 */
export function firstEvent({ capabilities }: Pick<Bus, 'capabilities'>): 'start' | 'end' {
  return capabilities.replay.start ? 'start' : 'end'
}
