import type { InboxStore } from '../inbox/index.ts'
import { type Clock, groupDefaults, type Timer } from '../kernel/index.ts'

/** Forgets what a group handled longer than `ageMs` ago, now and again from time to time. Returns how to stop. */
export function pruneInbox(
  inbox: InboxStore<unknown>,
  group: string,
  ageMs: number,
  clock: Clock,
): () => void {
  let timer: Timer | undefined
  let stopped = false
  const again = (): void => {
    if (stopped) return
    timer = clock.schedule(groupDefaults.inboxPruneEveryMs, prune, { background: true })
  }
  const prune = (): void => {
    // What could not be forgotten now is forgotten the next time.
    inbox.prune(group, clock.now() - ageMs).then(again, again)
  }
  prune()
  return () => {
    stopped = true
    timer?.cancel()
  }
}
