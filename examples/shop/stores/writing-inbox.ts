import type { InboxStore } from 'tidings/inbox'

/**
 * An inbox whose transactions write one thing, said without the database: the handler's `transact` takes what is to be
 * written, and `write` knows how.
 */
export function writingInbox<Transact, What>(
  inbox: InboxStore<Transact>,
  write: (transact: Transact, what: What) => Promise<void>,
): InboxStore<(what: What) => Promise<void>> {
  return {
    handled: (group, runNumber, keys) => inbox.handled(group, runNumber, keys),
    transaction(claim) {
      const transact = inbox.transaction(claim)
      return (what) => write(transact, what)
    },
    record: (claim) => inbox.record(claim),
    prune: (group, before) => inbox.prune(group, before),
    close: () => inbox.close(),
  }
}
